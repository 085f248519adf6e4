package customs

// CommodityCode is a code of the goods nomenclature of external economic
// activity (XİF MN), which extends the Harmonized System: 4 to 10 digits, since
// a border record may carry the heading or subheading alone.
type CommodityCode string

// String prints the code grouped as the nomenclature does: NNNN NN NNN N.
func (c CommodityCode) String() string {
	s := string(c)
	out := make([]byte, 0, 13)
	for i := range len(s) {
		if i == 4 || i == 6 || i == 9 {
			out = append(out, ' ')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// Heading is the first four digits, the Harmonized System heading.
func (c CommodityCode) Heading() string {
	if len(c) < 4 {
		return ""
	}
	return string(c[:4])
}
