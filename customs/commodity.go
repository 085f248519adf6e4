package customs

// CommodityCode is a code of the goods nomenclature of external economic
// activity (XİF MN), which extends the Harmonized System: 4 to 10 digits, since
// a border record may carry the heading or subheading alone.
type CommodityCode string

// String prints the code grouped as the nomenclature does: NNNN NN NNN N.
func (c CommodityCode) String() string {
	var room [16]byte
	return string(c.Append(room[:0]))
}

// Append is String at the end of a text that grows.
func (c CommodityCode) Append(b []byte) []byte {
	for i := range len(c) {
		if i == 4 || i == 6 || i == 9 {
			b = append(b, ' ')
		}
		b = append(b, c[i])
	}
	return b
}

// Heading is the first four digits, the Harmonized System heading.
func (c CommodityCode) Heading() string {
	if len(c) < 4 {
		return ""
	}
	return string(c[:4])
}
