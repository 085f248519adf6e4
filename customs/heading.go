package customs

import (
	_ "embed" // the headings' texts
	"sort"
	"strings"
)

// headings are the 1,229 headings of the Harmonized System 2022, each line code
// and text, tab between, in order of the code. Source:
// github.com/datasets/harmonized-system, from UN Comtrade; public domain
// (ODC PDDL 1.0).
//
//go:embed headings.tsv
var headings string

// HeadingText is the official text, in English, of the heading that a commodity
// code belongs to, or "" if the Harmonized System has none. It speaks of the
// heading alone: national subdivisions have texts of their own.
func (c CommodityCode) HeadingText() string {
	heading := c.Heading()
	if heading == "" {
		return ""
	}
	// Look for the first line not before the heading, from any byte on.
	line := func(at int) int { return at + strings.IndexByte(headings[at:], '\n') + 1 }
	at := sort.Search(len(headings)-1, func(i int) bool {
		start := line(i)
		return start >= len(headings) || headings[start:start+4] >= heading
	})
	start := line(at)
	if strings.HasPrefix(headings, heading) {
		start = 0
	}
	code, rest, _ := strings.Cut(headings[start:], "\t")
	if code != heading {
		return ""
	}
	text, _, _ := strings.Cut(rest, "\n")
	return text
}
