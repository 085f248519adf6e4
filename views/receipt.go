package views

import (
	"net/url"
	"strconv"

	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
)

// Addresses of receipts: one is at ReceiptsPath and the number of its request.
const (
	ReceiptsPath = "/receipts/"
	VerifyPath   = "/verify"
)

// Answer is a registered answer, as far as it is proved.
type Answer struct {
	register.Record
	VOEN     *string // nil: not told
	Asked    *string // path and query; nil: not told
	LeafHash register.Hash
	Origin   string // name of the log
	Size     int64  // of the log that the checkpoint signs
}

// ReceiptView is the receipt of an answer.
type ReceiptView struct {
	Answer  Answer
	Code    string // query of the check's address
	Address string // host and path of the check, as printed
}

// base is the address of this receipt.
func (v ReceiptView) base() string { return ReceiptsPath + v.Answer.RequestID.String() }

// Verdict is the outcome of checking a receipt.
type Verdict string

// The verdicts; "" is before any check.
const (
	VerdictProved    Verdict = "proved"
	VerdictPending   Verdict = "pending"   // the entry exists and is not sealed yet
	VerdictNothing   Verdict = "nothing"   // no receipt was sent
	VerdictForm      Verdict = "form"      // not a receipt, or one with a changed entry
	VerdictValues    Verdict = "values"    // a value is not the one that the entry holds
	VerdictSignature Verdict = "signature" // no known key signed its checkpoint
	VerdictInclusion Verdict = "inclusion" // the entry is not in the signed log
	VerdictForked    Verdict = "forked"    // today's log does not contain the signed one
	VerdictCode      Verdict = "code"      // no entry has that number, hash and salt
)

// VerifyView is the page that checks receipts.
type VerifyView struct {
	Keys     []string // verifier keys of the log
	MaxSize  int      // of a receipt, bytes
	Verdict  Verdict
	Answer   Answer     // what is proved
	Now      int64      // size of today's log
	Code     url.Values // of a printed receipt whose VÖEN can be compared
	Compared string     // VÖEN that was compared; "": none was
	Same     bool       // it is the entry's
	Closed   bool       // the personal data is deleted, and what was answered is told only to who knows the VÖEN
}

// sentence says what was answered, in words.
func (a Answer) sentence(l *locales.Locale) string {
	at := exact(l, a.At)
	switch {
	case a.Outcome == register.NothingPending:
		return l.T("receipt.said_nothing", "time", at)
	case a.Outcome == register.NotFound:
		return l.T("receipt.said_not_found", "time", at)
	case a.Outcome == register.Failed:
		return l.T("receipt.said_failed", "time", at)
	case a.Action == register.ListGoods:
		return l.T("receipt.said_list", "time", at, "n", a.Results)
	case a.Action == register.ShowGoods:
		return l.T("receipt.said_detail", "time", at)
	case a.Action == register.SealEvidence:
		return l.T("receipt.said_evidence", "time", at)
	default:
		return l.T("receipt.said", "time", at)
	}
}

// outcome names the outcome.
func (a Answer) outcome(l *locales.Locale) string {
	switch a.Outcome {
	case register.Answered:
		return l.T("receipt.outcome_answered")
	case register.NothingPending:
		return l.T("receipt.outcome_nothing")
	case register.NotFound:
		return l.T("receipt.outcome_not_found")
	default:
		return l.T("receipt.outcome_failed")
	}
}

// processing prints the processing time in milliseconds.
func (a Answer) processing(l *locales.Locale) string {
	return l.T("receipt.ms", "ms", milliseconds(l, a.Elapsed))
}

func (a Answer) entry() string { return strconv.FormatInt(a.ID, 10) }

func (a Answer) size() string { return strconv.FormatInt(a.Size, 10) }

// failed says whether a check proved nothing.
func (v VerifyView) failed() bool {
	return v.Verdict != "" && v.Verdict != VerdictProved && v.Verdict != VerdictPending
}

// verdict is the heading and the text of a check that proved nothing.
func (v VerifyView) verdict(l *locales.Locale) (title, text string) {
	switch v.Verdict {
	case VerdictNothing:
		return l.T("verify.nothing"), l.T("verify.nothing_text")
	case VerdictValues:
		return l.T("verify.values"), l.T("verify.values_text")
	case VerdictSignature:
		return l.T("verify.signature"), l.T("verify.signature_text")
	case VerdictInclusion:
		return l.T("verify.inclusion"), l.T("verify.inclusion_text")
	case VerdictForked:
		return l.T("verify.forked"), l.T("verify.forked_text")
	case VerdictCode:
		return l.T("verify.code"), l.T("verify.code_text")
	default:
		return l.T("verify.form"), l.T("verify.form_text")
	}
}

// frame of the page.
func (v VerifyView) frame(p Page) Page {
	p.Title, p.Error = p.L.T("verify.title"), v.failed()
	p.Noindex = true
	return p
}
