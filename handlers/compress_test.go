package handlers

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// TestPagesTravelPacked sends pages of all sizes to who takes gzip and who does
// not: each reads the same bytes, and the length says what is sent.
func TestPagesTravelPacked(t *testing.T) {
	for _, size := range []int{0, 1, worthPacking - 1, worthPacking, 50_000, 3 << 20} {
		page := []byte(strings.Repeat("<td>Qırmızı Körpü</td>", size/20+1)[:size])
		for _, accept := range []string{"", "gzip, br"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				r := httptest.NewRequest(method, "/", nil)
				r.Header.Set("Accept-Encoding", accept)
				w := httptest.NewRecorder()
				c := echo.New().NewContext(r, w)
				if err := (rendered{buf: bytes.NewBuffer(bytes.Clone(page))}).send(c, http.StatusOK); err != nil {
					t.Fatal(err)
				}
				zipped := w.Header().Get("Content-Encoding") == "gzip"
				if want := accept != "" && size >= worthPacking; zipped != want {
					t.Errorf("%d bytes for %q: packed %v, want %v", size, accept, zipped, want)
				}
				if !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Accept-Encoding") {
					t.Errorf("%d bytes for %q: Vary does not name Accept-Encoding", size, accept)
				}
				if method == http.MethodHead {
					if w.Body.Len() != 0 {
						t.Errorf("an answer to HEAD has %d bytes", w.Body.Len())
					}
					continue
				}
				if got := w.Header().Get("Content-Length"); got != strconv.Itoa(w.Body.Len()) {
					t.Errorf("%d bytes for %q: length %s, sent %d", size, accept, got, w.Body.Len())
				}
				if got := unpack(t, w.Body, zipped); !bytes.Equal(got, page) {
					t.Errorf("%d bytes for %q: %d other bytes arrive", size, accept, len(got))
				}
			}
		}
	}
}

func unpack(t *testing.T, r io.Reader, zipped bool) []byte {
	t.Helper()
	if zipped {
		var err error
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkPacked(b *testing.B) {
	page := []byte(strings.Repeat(`<td role="cell" class="c-goods">Elektrik ətləri <span class="sub">XİF MN <span class="code nowrap">8537 10 000 9</span></span></td>`, 350))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		buffers.Put(packed(r, page))
	}
}
