package views

import (
	"customs.gov.az/portal/locales"
)

// SignInProblem is the code of a reason why somebody could not sign in: one of
// the e-signature check or of the portal's own steps around it. The words stand
// in locales under signin.problem.CODE. A code without words is shown as
// “unknown”; "" is no problem at all.
type SignInProblem string

// The problems that the portal finds itself, around the check of a signature.
const (
	ProblemUnknown              SignInProblem = "unknown"
	ProblemChallengeUsed        SignInProblem = "challenge_used"          // each challenge serves once
	ProblemChallengeSpent       SignInProblem = "challenge_spent"         // five attempts failed
	ProblemChallengeExpired     SignInProblem = "challenge_expired"       // its time is over
	ProblemChallengeOtherClient SignInProblem = "challenge_other_browser" // downloaded in another browser
	ProblemChallengeUnknown     SignInProblem = "challenge_unknown"       // the signature is over something else
	ProblemFileMissing          SignInProblem = "file_missing"            // the form came without a file
	ProblemSeveralFiles         SignInProblem = "several_files"           // the form came with more than one
	ProblemTooLarge             SignInProblem = "too_large"               // the file, or the whole request
	ProblemNoCertificate        SignInProblem = "no_certificate"          // the browser sent none
	ProblemBrowserMismatch      SignInProblem = "browser_mismatch"        // hand-over opened in another browser
	ProblemHandoverExpired      SignInProblem = "handover_expired"        // hand-over too late or repeated
	ProblemTooManyAttempts      SignInProblem = "too_many_attempts"       // rate limit
	ProblemCompanyMissing       SignInProblem = "company_missing"         // no taxpayer number chosen
	ProblemCompanyUnknown       SignInProblem = "company_unknown"         // chosen one is not the person's
	ProblemCompanyExcluded      SignInProblem = "company_excluded"        // liquidated, or access was withdrawn
	ProblemOperationExpired     SignInProblem = "operation_expired"       // SİMA code not confirmed in time
	ProblemOperationCancelled   SignInProblem = "operation_cancelled"     // SİMA code given up in the browser
	ProblemWrongPerson          SignInProblem = "wrong_person"            // another PIN than the one typed first
	ProblemMyGovNoSignature     SignInProblem = "mygov_no_signature"      // signed in there without an e-signature
	ProblemMyGovCancelled       SignInProblem = "mygov_cancelled"         // given up at the provider
	ProblemMyGovUnavailable     SignInProblem = "mygov_unavailable"       // the provider does not answer
	ProblemMyGovAnswer          SignInProblem = "mygov_answer"            // its answer could not be accepted
	ProblemStaffUnknown         SignInProblem = "staff_unknown"           // not on the staff list
	ProblemStaffExpired         SignInProblem = "staff_expired"           // there no longer
)

// words is one part of the problem's message: title, text or next.
func (s SignInProblem) words(l *locales.Locale, part string) string {
	if !l.Has("signin.problem." + string(s) + "." + part) {
		s = ProblemUnknown
	}
	return l.T("signin.problem." + string(s) + "." + part)
}

// aboutFile reports whether another file may help, so that the summary leads to
// the field.
func (s SignInProblem) aboutFile() bool {
	switch s {
	case ProblemFileMissing, ProblemSeveralFiles, ProblemTooLarge, "not_a_signature", "trailing_data", "no_signer":
		return true
	}
	return false
}

// orUnknown is the problem for a page that has nothing else to show.
func orUnknown(s SignInProblem) SignInProblem {
	if s == "" {
		return ProblemUnknown
	}
	return s
}
