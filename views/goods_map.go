package views

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
)

// The map is a schematic of 760 by 400 units, 13-unit letters.
const (
	mapWidth   = 760
	mapLetter  = 6.9  // average advance of a letter
	mapLine    = 15.0 // height of a line of a label
	longLabel  = 22   // letters above which a label takes two lines
	circleBase = 10.5 // radius of a circle: base plus step times the root of the count
	circleStep = 3.2
	circleMax  = 30.0
)

// spot is one checkpoint on the map.
type spot struct {
	code     string
	name     string
	count    int
	current  bool
	x, y, r  float64
	label    []string // one or two lines, none where there is no room
	labelX   float64
	labelY   float64 // baseline of the first line
	labelEnd bool    // the label ends at labelX instead of beginning there
}

// box is a rectangle that a label or circle occupies.
type box struct{ left, top, right, bottom float64 }

func (b box) meets(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// spots places the checkpoints that hold something on the map: circles by
// count, pushed apart where checkpoints are neighbours, and labels where they
// cover nothing else. A checkpoint without a place on the map is only in the
// list beside it.
func (g *GoodsView) spots(lang string) []spot {
	out := make([]spot, 0, len(g.List.All))
	for _, c := range g.List.All {
		place, _ := g.Checkpoints.Get(c.Checkpoint)
		if place.X == 0 && place.Y == 0 {
			continue
		}
		r := min(circleBase+circleStep*math.Sqrt(float64(c.Count)), circleMax)
		out = append(out, spot{
			code: c.Checkpoint, name: place.Name(lang), count: c.Count, current: g.Query.Checkpoint == c.Checkpoint,
			x: float64(place.X), y: float64(place.Y), r: r,
		})
	}
	separate(out)
	taken := make([]box, 0, 2*len(out))
	for _, s := range out {
		taken = append(taken, box{s.x - s.r, s.y - s.r, s.x + s.r, s.y + s.r})
	}
	for i := range out {
		if b, ok := out[i].putLabel(taken); ok {
			taken = append(taken, b)
		}
	}
	return out
}

// separate moves overlapping circles apart, each by half of what is missing.
func separate(spots []spot) {
	for moved, turns := true, 0; moved && turns < 12; turns++ {
		moved = false
		for i := range spots {
			for j := range i {
				a, b := &spots[i], &spots[j]
				dx, dy := a.x-b.x, a.y-b.y
				apart := a.r + b.r + 1
				if dx*dx+dy*dy >= apart*apart {
					continue
				}
				moved = true
				d := math.Hypot(dx, dy)
				if d == 0 {
					dx, d = 1, 1
				}
				move := (apart - d) / 2 / d
				a.x, a.y, b.x, b.y = a.x+dx*move, a.y+dy*move, b.x-dx*move, b.y-dy*move
			}
		}
	}
}

// putLabel looks for room for the label, on the right and then on the left.
func (s *spot) putLabel(taken []box) (box, bool) {
	lines := labelLines(s.name)
	letters := 0
	for _, line := range lines {
		letters = max(letters, utf8.RuneCountInString(line))
	}
	width, height := float64(letters)*mapLetter, float64(len(lines))*mapLine
	top := s.y - height/2
	for _, end := range [...]bool{false, true} {
		x := s.x + s.r + 5
		b := box{x, top, x + width, top + height}
		if end {
			x = s.x - s.r - 5
			b = box{x - width, top, x, top + height}
		}
		if b.left < 4 || b.right > mapWidth-4 || meetsAny(b, taken) {
			continue
		}
		s.label, s.labelX, s.labelY, s.labelEnd = lines, x, top+mapLine-4, end
		return b, true
	}
	return box{}, false
}

func meetsAny(b box, taken []box) bool {
	return slices.ContainsFunc(taken, b.meets)
}

// labelLines breaks a long name at the space nearest to its middle.
func labelLines(name string) []string {
	if utf8.RuneCountInString(name) <= longLabel {
		return []string{name}
	}
	best, middle := -1, len(name)/2
	for i := range len(name) {
		if name[i] == ' ' && (best < 0 || abs(i-middle) < abs(best-middle)) {
			best = i
		}
	}
	if best < 0 {
		return []string{name}
	}
	return []string{name[:best], strings.TrimLeft(name[best:], " ")}
}

func abs(n int) int { return max(n, -n) }

// holds reports whether a checkpoint holds something for the trader.
func (g *GoodsView) holds(code string) bool {
	return slices.ContainsFunc(g.List.All, func(c customs.CheckpointCount) bool { return c.Checkpoint == code })
}

// share is a count as hundredths of the largest one, for the bars; at least 2,
// so that one registration among thousands is still seen.
func (g *GoodsView) share(count int) string {
	most := 1
	for _, c := range g.List.All {
		most = max(most, c.Count)
	}
	return strconv.Itoa(max(count*100/most, 2))
}
