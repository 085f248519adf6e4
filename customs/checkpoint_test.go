package customs

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestBuiltInCheckpoints(t *testing.T) {
	c := BuiltInCheckpoints()
	if len(c.All()) < 10 {
		t.Fatalf("%d checkpoints", len(c.All()))
	}
	for _, p := range c.All() {
		if got, ok := c.Get(p.Code); !ok || got.AZ != p.AZ {
			t.Errorf("%s: %+v, %v", p.Code, got, ok)
		}
		if p.Neighbour != "" {
			if _, ok := Country(p.Neighbour); !ok {
				t.Errorf("%s borders on %q", p.Code, p.Neighbour)
			}
		}
		if p.X <= 0 || p.X >= 760 || p.Y <= 0 || p.Y >= 400 || len(p.Modes) == 0 {
			t.Errorf("%s: not on the map, or no mode: %+v", p.Code, p)
		}
		for _, m := range p.Modes {
			if m < 1 || m > 9 {
				t.Errorf("%s: mode %d", p.Code, m)
			}
		}
	}
	samur, _ := c.Get("00911")
	bridge, _ := c.Get("00901")
	if samur.Name("az") != "Samur" || bridge.Name("en") != "Red Bridge" || bridge.Name("az") != "Qırmızı Körpü" || bridge.Name("") != bridge.AZ {
		t.Errorf("%+v, %+v", samur, bridge)
	}
	if p, ok := c.Get("77777"); ok || p.Name("az") != "77777" || p.Name("en") != "77777" || p.Code != "77777" {
		t.Errorf("a checkpoint that is not on the list: %+v, %v", p, ok)
	}
}

func TestReadCheckpoints(t *testing.T) {
	entry := func(code, az, en string) string { return `{"code":"` + code + `","az":"` + az + `","en":"` + en + `"}` }
	good := entry("1", "Bir", "One")
	c, err := ReadCheckpoints(strings.NewReader("[" + good + "," + entry("2", "İki", "Two") + "]"))
	if err != nil || len(c.All()) != 2 || c.All()[0].Code != "1" {
		t.Errorf("%+v, %v", c.All(), err)
	}
	for what, text := range map[string]string{
		"nothing": "", "not JSON": "code;az;en", "an object": good, "half": "[" + good, "two lists": "[][]",
		"a code twice": "[" + good + "," + good + "]", "no code": "[" + entry("", "a", "b") + "]",
		"a long code": "[" + entry("12345678901", "a", "b") + "]", "no Azerbaijani name": "[" + entry("1", "", "b") + "]",
		"no English name": "[" + entry("1", "a", "") + "]", "a code that is a number": `[{"code":1,"az":"a","en":"b"}]`,
		"too large": "[" + strings.Repeat(" ", 1<<20) + good + "]",
	} {
		if c, err := ReadCheckpoints(strings.NewReader(text)); !errors.Is(err, ErrCheckpoints) || len(c.All()) != 0 {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
	}
	if _, err := ReadCheckpoints(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

func FuzzReadCheckpoints(f *testing.F) {
	f.Add(`[{"code":"1","az":"Bir","en":"One","modes":[3]}]`)
	f.Add(`[]`)
	f.Add(string(builtIn[:200]))
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ReadCheckpoints(strings.NewReader(s))
		if err != nil {
			return
		}
		for _, p := range c.All() {
			if got, ok := c.Get(p.Code); !ok || got.Code != p.Code {
				t.Errorf("%q is listed and not found", p.Code)
			}
		}
	})
}

func TestAges(t *testing.T) {
	a := Ages{{Checkpoint: "00922"}, {Checkpoint: "00901", ReceivedAt: new(time.Now())}}
	if f, ok := a.Of("00901"); !ok || f.ReceivedAt == nil {
		t.Errorf("%+v, %v", f, ok)
	}
	if f, ok := a.Of("00941"); ok || f.Checkpoint != "00941" || f.ReceivedAt != nil {
		t.Errorf("%+v, %v", f, ok)
	}
}
