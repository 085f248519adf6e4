package views

import (
	"net/url"
	"time"

	"customs.gov.az/portal/customs"
)

// Method is a way to sign in. Its text is the last part of its address.
type Method string

// The ways to sign in, in the order in which pages offer them.
const (
	MethodSIMA  Method = "sima"  // SİMA İmza: QR code and telephone
	MethodMyGov Method = "mygov" // mygov ID, which carries ASAN İmza
	MethodCard  Method = "card"  // certificate on a card or token, through TLS
	MethodFile  Method = "file"  // signed file
)

// path is where the method begins; ret is the page to open after signing in.
func (m Method) path(ret string) string { return withReturn("/sign-in/"+string(m), ret) }

// icon is the method's drawing in the sprite.
func (m Method) icon() string {
	switch m {
	case MethodSIMA:
		return "qr"
	case MethodMyGov:
		return "phone"
	case MethodCard:
		return "card"
	default:
		return "filesign"
	}
}

// lang is the language of the method's name: SİMA İmza stays Azerbaijani in an
// English page, so that a screen reader pronounces it right.
func (m Method) lang(p Page) string {
	if m == MethodSIMA {
		return "az"
	}
	return p.L.Lang()
}

// withReturn adds the page to come back to, a path of this site, to an address.
func withReturn(path, ret string) string {
	if ret == "" {
		return path
	}
	return path + "?" + url.Values{"return": {ret}}.Encode()
}

// SignInFileView is the page that takes a signed file.
type SignInFileView struct {
	Methods       []Method
	ChallengeURL  string        // where the file to be signed is downloaded
	ChallengeName string        // the name it is saved under
	Valid         time.Duration // how long the challenge may be used
	MaxBytes      int           // the largest signature accepted
	Return        string        // the page to open after signing in, or ""
	Problem       SignInProblem // why the last attempt did not succeed, or ""
}

// kilobytes prints the largest size as people know it.
func (v SignInFileView) kilobytes(p Page) string { return p.L.Int(v.MaxBytes/1024) + " KB" }

// field is the control that the problem is about, or "".
func (v SignInFileView) field() string {
	if v.Problem.aboutFile() {
		return "signature"
	}
	return ""
}

// wrong says what is wrong with the file, "" for nothing.
func (v SignInFileView) wrong(p Page) string {
	if v.Problem.aboutFile() {
		return v.Problem.words(p.L, "title")
	}
	return ""
}

// command is an example of signing the challenge with OpenSSL.
func (v SignInFileView) command(p Page) string {
	return "openssl cms -sign -binary -in " + v.ChallengeName +
		" -signer " + p.L.T("signin.file.example_certificate") +
		" -inkey " + p.L.T("signin.file.example_key") +
		" -outform DER -out " + v.ChallengeName + ".p7s"
}

// SignInCardView is the page before the hand-over to the listener that asks for
// a client certificate.
type SignInCardView struct {
	Methods []Method
	Start   string        // address on the card listener
	Return  string        // the page to open after signing in, or ""
	Problem SignInProblem // why the last attempt did not succeed, or ""
}

// CardProblemView is what the card listener itself shows when it cannot hand
// over. It has no pages but this one, so every address is absolute.
type CardProblemView struct {
	Problem SignInProblem
	Home    string // the service's start page
	Retry   string // the page that starts the hand-over again
	Other   string // where the other ways to sign in are offered
}

// CompanyView is the choice between the taxpayer numbers of one person.
type CompanyView struct {
	Companies []Company
	Return    string        // the page to open afterwards, or ""
	Problem   SignInProblem // why the last attempt did not succeed, or ""
}

// Company is one taxpayer number for which the person may look.
type Company struct {
	VOEN     customs.VOEN
	Name     string // organisation or person, if it is known
	Position string // of the person there, if the list of representatives says so
}

// signIn makes the frame of a sign-in page: its own head, nothing for search
// engines, and the title of an error when there is a problem.
func (p Page) signIn(title string, problem SignInProblem) Page {
	p.Title, p.Hero, p.Noindex = title, true, true
	p.Error = p.Error || problem != ""
	return p
}
