package feed

// Problem is one thing wrong with a line, or odd about it. It never holds a
// value of the line, so that a report or a log gives nothing personal away.
type Problem struct {
	Field string `json:"field,omitempty"` // JSON pointer (RFC 6901), "" for the line as a whole
	Code  Code   `json:"code"`
}

// Code names a rule of the feed.
type Code string

// The rules of a line as a whole. A line that breaks one is rejected.
const (
	TooLongLine     Code = "line_too_long"    // more than MaxLine bytes
	InvalidUTF8     Code = "invalid_utf8"     //
	InvalidJSON     Code = "invalid_json"     // RFC 8259 says otherwise
	Truncated       Code = "truncated"        // the line ends inside a value
	TrailingData    Code = "trailing_data"    // something follows the object
	NotObject       Code = "not_an_object"    //
	DuplicateMember Code = "duplicate_member" // the same name twice in one object
	TooDeep         Code = "too_deep"         // more than 32 levels
	TooManyProblems Code = "too_many_problems"
)

// The rules of a field. A line that breaks one is rejected.
const (
	Missing       Code = "missing"
	WantText      Code = "text_expected"
	WantNumber    Code = "number_expected"
	WantObject    Code = "object_expected"
	WantList      Code = "list_expected"
	TooLong       Code = "too_long"
	TooMany       Code = "too_many"
	ControlChar   Code = "control_character"
	BadForm       Code = "bad_form" // not of the form that the schema gives
	NotInteger    Code = "not_an_integer"
	Negative      Code = "negative"
	TooSmall      Code = "too_small"
	TooLarge      Code = "too_large"
	TooPrecise    Code = "too_many_decimals"
	BadTime       Code = "bad_time" // not RFC 3339
	BadDate       Code = "bad_date" // not YYYY-MM-DD
	TooEarly      Code = "too_early"
	InFuture      Code = "in_the_future"
	TooFar        Code = "too_far_in_the_future"
	BadVOEN       Code = "bad_voen"
	UnknownNumber Code = "unknown_iso_number" // a numeric code that ISO has not assigned
	DuplicateItem Code = "duplicate_item"
	SumTooLarge   Code = "sum_too_large"
	NotAnActor    Code = "not_an_actor"
)

// The rules about what is stored already. The reader cannot know them; who
// stores the record adds them.
const (
	RevisionConflict Code = "revision_conflict" // the same revision with other content
	OtherCheckpoint  Code = "other_checkpoint"  // another checkpoint registered it
	NotYours         Code = "checkpoint_not_allowed"
)

// The oddities. A line with none but these is accepted.
const (
	UnknownMember     Code = "unknown_member"
	UnknownCheckpoint Code = "unknown_checkpoint"
	UnknownStatus     Code = "unknown_status"
	UnknownCountry    Code = "unknown_country"
	UnknownCurrency   Code = "unknown_currency"
	HiddenChar        Code = "hidden_character"
	RevisionHigh      Code = "revision_high"
	NineDigitVOEN     Code = "voen_nine_digits"
	VOENCheckDigit    Code = "voen_check_digit"
	StatusTooOld      Code = "status_before_registration"
	AgencyMissing     Code = "agency_missing"
	NetOverGross      Code = "net_over_gross"
	TooManyWarnings   Code = "too_many_warnings"
)
