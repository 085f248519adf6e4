package feed

// Message says in English what a code means, for the technicians of a
// checkpoint system who read the report. An unknown code comes back as it is.
func (c Code) Message() string {
	if m, ok := messages(c); ok {
		return m
	}
	return string(c)
}

// Warning reports whether the code is an oddity that leaves the line accepted.
func (c Code) Warning() bool {
	_, ok := warnings(c)
	return ok
}

func messages(c Code) (string, bool) {
	if m, ok := warnings(c); ok {
		return m, true
	}
	if m, ok := lineMessages(c); ok {
		return m, true
	}
	return fieldMessages(c)
}

func lineMessages(c Code) (m string, ok bool) {
	switch c {
	case TooLongLine:
		m = "The line is longer than 8 MiB."
	case InvalidUTF8:
		m = "The line is not valid UTF-8. Send the file in UTF-8, not in a Windows code page."
	case InvalidJSON:
		m = "The line is not valid JSON (RFC 8259)."
	case Truncated:
		m = "The line ends in the middle of a value. One object stands on one line; a transfer may have been cut."
	case TrailingData:
		m = "Something follows the object. Put each object on a line of its own."
	case NotObject:
		m = "The line is JSON, but not an object."
	case DuplicateMember:
		m = "The same member name stands twice in one object."
	case TooDeep:
		m = "Values are nested more than 32 levels deep."
	case TooManyProblems:
		m = "There are more problems in this line; only the first 20 are listed."
	}
	return m, m != ""
}

func fieldMessages(c Code) (m string, ok bool) {
	switch c {
	case Missing:
		m = "This member is required and is absent, null or empty."
	case WantText:
		m = "A text in quotation marks is expected here."
	case WantNumber:
		m = "A number without quotation marks is expected here."
	case WantObject:
		m = "An object is expected here."
	case WantList:
		m = "A list is expected here."
	case TooLong:
		m = "The text is longer than the schema allows."
	case TooMany:
		m = "The list has more elements than the schema allows."
	case ControlChar:
		m = "The text holds a control character that may not stand here."
	case BadForm:
		m = "The value does not have the form that the schema gives."
	case NotInteger:
		m = "A whole number is expected here."
	case Negative:
		m = "The number may not be negative."
	case TooSmall:
		m = "The number is smaller than the schema allows."
	case TooLarge:
		m = "The number is larger than the schema allows."
	case TooPrecise:
		m = "The number has more decimals than the schema allows."
	case BadTime:
		m = "A time of RFC 3339 with its offset is expected, such as 2026-05-04T09:30:00+04:00."
	case BadDate:
		m = "A date YYYY-MM-DD from 1900 to 2199 is expected."
	case TooEarly:
		m = "The time lies before the year 2000."
	case InFuture:
		m = "The time lies in the future. Check the clock of the sending system."
	case TooFar:
		m = "The time lies more than ten years ahead."
	case BadVOEN:
		m = "A VÖEN is a text of ten digits, not all of them zeros. Of who has none it is left out."
	case UnknownNumber:
		m = "ISO 3166-1 or ISO 4217 has assigned no such number."
	case DuplicateItem:
		m = "Another goods item of this consignment has the same number."
	case SumTooLarge:
		m = "The masses of the goods items together exceed twelve digits of kilograms, or their values in one currency sixteen digits."
	case NotAnActor:
		m = "Who must act is one of: you, customs, agency."
	case RevisionConflict:
		m = "This revision was received before with other content; send the change under a higher revision."
	case OtherCheckpoint:
		m = "Another checkpoint registered this consignment; only that checkpoint can change it."
	case NotYours:
		m = "The sender may not send for this checkpoint."
	}
	return m, m != ""
}

func warnings(c Code) (m string, ok bool) {
	switch c {
	case UnknownMember:
		m = "The feed has no such member; it was ignored."
	case UnknownCheckpoint:
		m = "The checkpoint is not on the portal's list; its code is shown in place of a name."
	case UnknownStatus:
		m = "The portal has no words for this status; it is shown as clearance in progress."
	case UnknownCountry:
		m = "ISO 3166-1 has assigned no such country code; it was kept."
	case UnknownCurrency:
		m = "ISO 4217 has assigned no such currency code; it was kept."
	case HiddenChar:
		m = "The text holds characters that cannot be seen, such as marks of the direction of writing (U+202E). They were left out."
	case RevisionHigh:
		m = "There is hardly a higher revision. A registration at the highest one cannot be changed any more."
	case NineDigitVOEN:
		m = "The VÖEN has nine digits; a leading zero was added."
	case VOENCheckDigit:
		m = "The check digit of the VÖEN does not match; it was kept."
	case StatusTooOld:
		m = "The status began more than a day before the registration."
	case AgencyMissing:
		m = "Another body must act, but it is not named."
	case NetOverGross:
		m = "The net mass exceeds the gross mass."
	case TooManyWarnings:
		m = "There are more oddities in this line; only the first 20 are listed."
	}
	return m, m != ""
}
