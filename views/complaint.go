package views

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// ComplaintPath is the address of the complaint builder; a draft is below it.
const ComplaintPath = "/appeals/complaint"

// The values of the buttons of the builder's form, whose name is “do”.
const (
	DoSave = "save"
	DoLook = "look"
	DoMake = "make"
)

// ComplaintNotice is what the builder says above its form.
type ComplaintNotice string

// The notices.
const (
	NoticeSaved   ComplaintNotice = "saved"    // the draft was saved
	NoticeDeleted ComplaintNotice = "deleted"  // a draft was deleted
	NoticeEnded   ComplaintNotice = "ended"    // the session ended before what was typed could be kept
	NoticeFailed  ComplaintNotice = "failed"   // the database could not keep it
	NoticeTooMany ComplaintNotice = "too_many" // the person has as many drafts as there may be
	NoticeMoved   ComplaintNotice = "moved"    // the form was opened for another company
)

// DraftLine is a draft of a complaint in a list.
type DraftLine struct {
	ID           uuid.UUID
	Registration string
	Kind         customs.ComplaintKind
	Facts        string
	ChangedAt    time.Time
	Drawn        bool
}

// ComplaintView is the builder with what was typed so far.
type ComplaintView struct {
	ID         uuid.UUID // of the draft, uuid.Nil for a new one
	Content    customs.Complaint
	VOEN       customs.VOEN // for whom the form was opened, "" if that is not known
	Problems   []customs.ComplaintProblem
	Notice     ComplaintNotice
	Drafts     []DraftLine
	Found      *customs.Detail // the registration that it is about
	Checkpoint customs.Checkpoint
	Elapsed    time.Duration // with Found
	Receipt    string        // address of this answer's receipt; "": there is none
	Kept       time.Duration // a draft is kept so long after its last change
}

// action is where the form goes.
func (v ComplaintView) action() string {
	if v.ID == uuid.Nil {
		return ComplaintPath
	}
	return draftURL(v.ID)
}

func draftURL(id uuid.UUID) string { return ComplaintPath + "/" + id.String() }

// DraftURL is the address of a draft.
func DraftURL(id uuid.UUID) string { return draftURL(id) }

// ComplaintAbout is the address of the builder for a registration.
func ComplaintAbout(registration string) string {
	return ComplaintPath + "?" + url.Values{"registration": {registration}}.Encode()
}

// frame of the builder.
func (v ComplaintView) frame(p Page) Page {
	p = p.content(p.L.T("complaint.title"), TabAppeals)
	p.Error, p.Noindex = len(v.Problems) > 0, true
	p.Path = v.action() // the language links must not repeat what a form did
	return p
}

// toMend lists the problems.
func (v ComplaintView) toMend(l *locales.Locale) []toMend {
	out := make([]toMend, len(v.Problems))
	for i, e := range v.Problems {
		out[i] = toMend{fieldID(e.Field), problemWords(l, e)}
	}
	return out
}

// wrong says what is wrong with a field, "" for nothing.
func (v ComplaintView) wrong(l *locales.Locale, field string) string {
	return wrongAt(v.toMend(l), fieldID(field))
}

// hint says how to fill in a field, "" if it has no hint.
func (v ComplaintView) hint(l *locales.Locale, field string, hinted bool) string {
	if !hinted {
		return ""
	}
	return l.T("complaint.hint." + field)
}

// field is where a problem's link leads: the first choice of several.
func fieldID(name string) string {
	if name == "kind" {
		return "kind-" + string(customs.ComplaintKinds[0])
	}
	return name
}

// problemWords says what is wrong and what to do.
func problemWords(l *locales.Locale, p customs.ComplaintProblem) string {
	switch p.Fault {
	case customs.FaultMissing:
		return l.T("complaint.missing." + p.Field)
	case customs.FaultLong:
		return l.T("complaint.fault_long", "field", l.T("complaint.label."+p.Field), "limit", p.Limit)
	case customs.FaultDate:
		return l.T("complaint.fault_date")
	case customs.FaultFuture:
		return l.T("complaint.fault_future")
	default:
		return l.T("complaint.fault_unknown")
	}
}

// about names what a draft is about, in a line.
func (d DraftLine) about(l *locales.Locale) string {
	if d.Registration != "" {
		return l.T("complaint.draft_about", "code", d.Registration)
	}
	return l.T("complaint.draft_general")
}

// kind names the kind of a complaint, "" if none is chosen.
func (d DraftLine) kind(l *locales.Locale) string {
	if d.Kind == "" {
		return ""
	}
	return l.T("complaint.kind." + string(d.Kind))
}

// SealState says how the register vouches for the evidence.
type SealState int

// The states.
const (
	NoSeal   SealState = iota // no receipts are given here, or the entry's data was deleted
	Unsealed                  // the entry will be signed within seconds
	Sealed
)

// ComplaintDocumentView is a complaint as it is printed.
type ComplaintDocumentView struct {
	ID      uuid.UUID
	Content customs.Complaint
	VOEN    customs.VOEN
	DrawnAt time.Time
	Sheet   *locales.Locale // the language of the document
	Preview *locales.Locale // the reader's, nil if it is the document's own

	Evidence *customs.Evidence // nil if it is about no registration
	Digest   string            // SHA-256 of the evidence's bytes, hexadecimal
	Request  uuid.UUID         // whose register entry names the digest
	Seal     SealState
	Answer   Answer // with Sealed
	Code     string // query of the check's address, with Sealed
	Address  string // host and path of the check, as printed

	Elapsed time.Duration
	Receipt string // address of the receipt of this opening; "": there is none
}

func (v ComplaintDocumentView) frame(p Page) Page {
	p = p.content(p.L.T("complaint.document_title"), TabAppeals)
	p.Noindex, p.Doc = true, true
	return p
}

// part is a part of the document with what it says, for the list beside it.
type part struct{ name, text string }

// parts explains the document's parts in the reader's language.
func (v ComplaintDocumentView) parts(p Page) []part {
	t := p.L.T
	list := []part{
		{t("complaint.part.to"), t("complaint.part.to_text")},
		{t("complaint.part.who"), t("complaint.part.who_text")},
		{t("complaint.part.about"), t("complaint.part.about_text", "kind", t("complaint.kind."+string(v.Content.Kind)))},
		{t("complaint.part.facts"), t("complaint.part.facts_text")},
	}
	if v.Evidence != nil {
		list = append(list, part{t("complaint.part.evidence"), p.L.N("complaint.part.evidence_text", len(v.Evidence.History))})
	}
	return append(list,
		part{t("complaint.part.demand"), t("complaint.part.demand_text")},
		part{t("complaint.part.sign"), t("complaint.part.sign_text")})
}

// lines cuts a text of several lines into paragraphs.
func lines(text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// numbered numbers the headings of a sheet, of which some may be missing.
type numbered int

func (n *numbered) next(heading string) string {
	*n++
	return strconv.Itoa(int(*n)) + ". " + heading
}

// exact prints a time to the second, in Baku.
func exact(l *locales.Locale, t time.Time) string { return l.Date(t) + " " + l.Clock(t) }

// goodsWords is the goods of the evidence in a line.
func goodsWords(l *locales.Locale, e *customs.Evidence) string {
	words := []string{shorten(e.Goods, descriptionShown)}
	if e.Code != "" {
		words = append(words, l.T("complaint.sheet.code", "code", string(e.Code)))
	}
	if e.Items > 1 {
		words = append(words, l.T("complaint.sheet.items", "n", e.Items))
	}
	if e.Packages != nil {
		words = append(words, l.N("complaint.sheet.packages", int(*e.Packages)))
	}
	if e.GrossMass != nil {
		words = append(words, l.T("complaint.sheet.gross", "mass", l.Mass(*e.GrossMass)))
	}
	return strings.Join(words, "; ")
}

// transportWords is the means of transport and its document in a line.
func transportWords(l *locales.Locale, e *customs.Evidence) string {
	var words []string
	if e.Vehicle != "" {
		words = append(words, e.Vehicle)
	}
	if e.Document != nil {
		words = append(words, l.DocumentShort(e.Document.Type)+" "+e.Document.Number)
	}
	return strings.Join(words, "; ")
}

// requirementWords is one requirement of the evidence in a line.
func requirementWords(l *locales.Locale, r customs.Requirement) string {
	what := l.Requirement(r.Code)
	if what == "" {
		what = r.Note
	}
	if what == "" {
		what = l.T("goods.step_code", "code", r.Code)
	}
	words := l.T("complaint.sheet.requires_line", "who", requiredOf(l, r), "what", what, "time", exact(l, r.Since))
	if r.Due != nil {
		words += "; " + l.T("complaint.sheet.due", "time", exact(l, *r.Due))
	}
	return words
}

// requiredOf names who must act: in a paper for others the trader is no “you”.
func requiredOf(l *locales.Locale, r customs.Requirement) string {
	if r.Who == customs.You {
		return l.T("complaint.sheet.trader")
	}
	return actorWords(l, r.Who, r.Agency)
}
