package views

import (
	"context"
	"io"
	"strconv"

	"github.com/a-h/templ"
)

// Render implements templ.Component: an entry of a choice.
func (o option) Render(_ context.Context, w io.Writer) error {
	selected := ""
	if o.selected {
		selected = " selected"
	}
	return write(w, `<option value="`, templ.EscapeString(o.value), `"`, selected, `>`, templ.EscapeString(o.words), `</option>`)
}

// idleSpot is a checkpoint on the map that holds nothing for the trader.
type idleSpot struct{ x, y int }

// Render implements templ.Component.
func (s idleSpot) Render(_ context.Context, w io.Writer) error {
	return write(w, `<circle cx="`, strconv.Itoa(s.x), `" cy="`, strconv.Itoa(s.y), `" r="4"></circle>`)
}

// busySpot is a checkpoint on the map that does: a circle with the count in it
// and, where there is room, its name.
type busySpot struct {
	spot
	url   string
	count string
}

// Render implements templ.Component.
func (s busySpot) Render(_ context.Context, w io.Writer) error {
	class := "map__cp"
	if s.current {
		class = "map__cp is-on"
	}
	x, y := coordinate(s.x), coordinate(s.y)
	err := write(w, `<a class="`, class, `" href="`, templ.EscapeString(s.url), `" tabindex="-1"><circle cx="`, x, `" cy="`, y, `" r="`, coordinate(s.r),
		`"></circle> <text class="map__n" x="`, x, `" y="`, coordinate(s.y+5), `">`, s.count, `</text> `)
	if err != nil || len(s.label) == 0 {
		return orWrite(err, w, `</a>`)
	}
	end := ""
	if s.labelEnd {
		end = ` text-anchor="end"`
	}
	x = coordinate(s.labelX)
	err = write(w, `<text x="`, x, `" y="`, coordinate(s.labelY), `"`, end, `>`)
	for i, line := range s.label {
		err = orWrite(err, w, `<tspan x="`, x, `" y="`, coordinate(s.labelY+float64(i)*mapLine), `">`, templ.EscapeString(line), `</tspan>`)
	}
	return orWrite(err, w, `</text></a>`)
}

// orWrite writes unless something went wrong before.
func orWrite(err error, w io.Writer, pieces ...string) error {
	if err != nil {
		return err
	}
	return write(w, pieces...)
}
