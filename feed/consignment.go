package feed

import (
	"slices"
	"strconv"
	"time"

	"customs.gov.az/portal/customs"
)

// Limits of a consignment: lengths in characters, counts in elements.
const (
	maxName      = 800   // as in the Committee's own feed
	maxAddress   = 250   // the same
	maxText      = 4_000 // descriptions and notes, the same
	maxLabel     = 100   // vehicles, offices, agencies
	maxNumber    = 70    // of a document, as in UN/EDIFACT
	maxCode      = 40    // of a container or seal
	maxUnit      = 20
	maxStatus    = 40
	maxRequired  = 60        // the code of a requirement
	maxRevision  = 1<<53 - 1 // the largest number that every JSON program keeps exactly (RFC 7493 §2.2)
	highRevision = 1 << 52   // no counter and no clock in microseconds comes here
	maxDocuments = 200
	maxEquipment = 100 // containers, and seals
	maxRequires  = 100
	dueYears     = 10
)

// statusLead is how much earlier than registration a status may begin before
// it is odd: checkpoints register a lorry that has been waiting since yesterday.
const statusLead = 24 * time.Hour

// required are the members that a consignment must have.
var required = [...]string{
	"registration", "revision", "checkpoint", "voen", "status", "status_at",
	"registered_at", "consignee", "transport", "goods",
}

// consignment reads the line as a consignment or, if it has as_of and no
// registration, as a heartbeat; then it returns nil.
func (l *line) consignment() *customs.Consignment {
	c := new(customs.Consignment)
	beat := heartbeat{}
	var has [len(required)]bool
	registration := false
	l.object(func(name []byte) {
		l.ours = true
		switch string(name) {
		case "registration":
			registration = true
			has[0] = l.token(&c.Registration, registrationForm)
			l.rec.Registration = c.Registration
		case "revision":
			has[1] = l.integer(&c.Revision, 1, maxRevision)
			if c.Revision > highRevision {
				l.warn(RevisionHigh)
			}
		case "checkpoint":
			has[2] = l.checkpoint(&c.Checkpoint)
		case "voen":
			has[3] = l.voen(&c.VOEN)
		case "status":
			has[4] = l.status(&c.Status)
		case "status_at":
			has[5] = l.past(&c.StatusAt)
		case "registered_at":
			has[6] = l.past(&c.RegisteredAt)
		case "consignee":
			has[7] = l.party(&c.Consignee)
		case "consignor":
			c.Consignor = l.optionalParty()
		case "carrier":
			c.Carrier = l.optionalParty()
		case "destination_office":
			l.label(&c.DestinationOffice, maxLabel)
		case "transport":
			has[8] = l.transport(&c.Transport)
		case "documents":
			l.documents(&c.Documents)
		case "previous_documents":
			l.documents(&c.PreviousDocuments)
		case "goods":
			has[9] = l.goods(&c.Goods)
		case "requires":
			l.requires(&c.Requires)
		case "as_of":
			beat.read(l)
		default:
			l.ours = false
			l.unknown()
		}
	})
	if l.err != nil {
		return nil
	}
	l.ours = true
	if beat.seen && !registration {
		beat.finish(l, c.Checkpoint, has[2])
		return nil
	}
	if beat.seen {
		l.warnAt("/as_of", UnknownMember)
	}
	for i, name := range required {
		l.require(name, has[i])
	}
	if !c.StatusAt.IsZero() && c.StatusAt.Before(c.RegisteredAt.Add(-statusLead)) {
		l.warnAt("/status_at", StatusTooOld)
	}
	return c
}

func (l *line) checkpoint(dst *string) bool {
	present := l.token(dst, checkpointForm)
	if *dst != "" && !l.opts.Known(*dst) {
		l.warn(UnknownCheckpoint)
	}
	return present
}

func (l *line) status(dst *customs.Status) bool {
	present := l.label((*string)(dst), maxStatus) // whatever it is, the goods stay on the list
	if *dst != "" && !dst.Known() {
		l.warn(UnknownStatus)
	}
	return present
}

func (l *line) party(p *customs.Party) bool {
	named := false
	ok, present := l.object(func(name []byte) {
		switch string(name) {
		case "name":
			named = l.text(&p.Name, maxName)
		case "voen":
			l.voen(&p.VOEN)
		case "country":
			l.country(&p.Country)
		case "address":
			l.text(&p.Address, maxAddress)
		default:
			l.unknown()
		}
	})
	if ok {
		l.require("name", named)
	}
	return present
}

func (l *line) optionalParty() *customs.Party {
	p := new(customs.Party)
	if !l.party(p) {
		return nil
	}
	return p
}

func (l *line) transport(t *customs.Transport) bool {
	has := false
	ok, present := l.object(func(name []byte) {
		switch string(name) {
		case "mode":
			mode := int64(0)
			has = l.integer(&mode, 0, 9)
			t.Mode = int(mode)
		case "vehicle":
			l.label(&t.Vehicle, maxLabel)
		case "trailer":
			l.label(&t.Trailer, maxLabel)
		case "nationality":
			l.country(&t.Nationality)
		case "containers":
			l.labels(&t.Containers)
		case "seals":
			l.labels(&t.Seals)
		default:
			l.unknown()
		}
	})
	if ok {
		l.require("mode", has)
	}
	return present
}

// labels reads the marks of containers or seals.
func (l *line) labels(dst *[]string) {
	l.list(maxEquipment, func() {
		s := ""
		if !l.label(&s, maxCode) {
			l.elementMissing()
		}
		*dst = append(*dst, s)
	})
}

// elementMissing notes a null or an empty text in a list.
func (l *line) elementMissing() {
	if l.err == nil {
		l.problem(Missing)
	}
}

func (l *line) documents(dst *[]customs.Document) {
	l.list(maxDocuments, func() {
		var d customs.Document
		var typed, numbered bool
		ok, present := l.object(func(name []byte) {
			switch string(name) {
			case "type":
				typed = l.token(&d.Type, documentTypeForm)
			case "number":
				numbered = l.label(&d.Number, maxNumber)
			case "date":
				l.date(&d.Date)
			default:
				l.unknown()
			}
		})
		if ok {
			l.require("type", typed)
			l.require("number", numbered)
		}
		if !present {
			l.elementMissing()
		}
		*dst = append(*dst, d)
	})
}

func (l *line) requires(dst *[]customs.Requirement) {
	l.list(maxRequires, func() {
		var r customs.Requirement
		var coded, who, since bool
		ok, present := l.object(func(name []byte) {
			switch string(name) {
			case "code":
				coded = l.label(&r.Code, maxRequired)
			case "who":
				who = l.actor(&r.Who)
			case "agency":
				l.label(&r.Agency, maxLabel)
			case "note":
				l.text(&r.Note, maxText)
			case "since":
				since = l.past(&r.Since)
			case "due":
				r.Due = l.due()
			default:
				l.unknown()
			}
		})
		if ok {
			l.require("code", coded)
			l.require("who", who)
			l.require("since", since)
			if r.Who == customs.Agency && r.Agency == "" {
				l.warn(AgencyMissing)
			}
		}
		if !present {
			l.elementMissing()
		}
		*dst = append(*dst, r)
	})
}

func (l *line) actor(dst *customs.Actor) bool {
	s, present := l.str()
	switch {
	case s == "":
	case !slices.Contains(customs.Actors, customs.Actor(s)):
		l.problem(NotAnActor)
	default:
		*dst = customs.Actor(s)
	}
	return present
}

func (l *line) due() *time.Time {
	var t time.Time
	if !l.time(&t, l.now.AddDate(dueYears, 0, 0), TooFar) || t.IsZero() {
		return nil
	}
	return &t
}

// element is the pointer to a member of the i-th element of a list.
func element(list string, i int, member string) string {
	return list + "/" + strconv.Itoa(i) + "/" + member
}
