package feed

// The forms of identifiers. The schema says the same as regular expressions.

func digit(c byte) bool { return c >= '0' && c <= '9' }
func upper(c byte) bool { return c >= 'A' && c <= 'Z' }
func lower(c byte) bool { return c >= 'a' && c <= 'z' }
func alnum(c byte) bool { return digit(c) || upper(c) || lower(c) }

func every(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return s != ""
}

// registrationForm: 1 to 40 letters and digits, with single - / . between
// them. Nothing that a URL path would read as "." or ".." can occur, nor the
// name of the list's events, which stands where the details of one would.
func registrationForm(s string) bool {
	if len(s) > 40 || s == "events" {
		return false
	}
	separated := true
	for i := range len(s) {
		switch c := s[i]; {
		case alnum(c):
			separated = false
		case (c == '-' || c == '/' || c == '.') && !separated:
			separated = true
		default:
			return false
		}
	}
	return !separated
}

func checkpointForm(s string) bool { return len(s) <= 10 && every(s, alnum) }

func documentTypeForm(s string) bool { return len(s) <= 3 && every(s, alnum) }

func packageTypeForm(s string) bool { return len(s) <= 3 && every(s, alnum) }

func commodityForm(s string) bool { return len(s) >= 4 && len(s) <= 10 && every(s, digit) }

// timeForm holds a time to the letter of RFC 3339, section 5.6, where
// time.Parse is lenient: two digits for every part, a point before fractions,
// and a possible offset.
func timeForm(s string) bool {
	const layout = "dddd-dd-ddTdd:dd:dd"
	if len(s) <= len(layout) {
		return false
	}
	for i := range len(layout) {
		if c := layout[i]; c != s[i] && (c != 'd' || !digit(s[i])) {
			return false
		}
	}
	rest := s[len(layout):]
	if rest[0] == '.' {
		i := 1
		for i < len(rest) && digit(rest[i]) {
			i++
		}
		if i == 1 {
			return false
		}
		rest = rest[i:]
	}
	if rest == "Z" {
		return true
	}
	return len(rest) == len("+04:00") && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' &&
		rest[1:3] < "24" && rest[4:] < "60" && every(rest[1:3]+rest[4:], digit)
}
