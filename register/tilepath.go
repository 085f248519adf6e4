package register

import (
	"errors"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrTilePath says that a text is not the address of a tile.
var ErrTilePath = errors.New("register: not the address of a tile")

// ParseTilePath reads the address of a tile as C2SP tlog-tiles writes it,
// L/N or L/N.p/W, such as 0/x001/234.p/56. The width is 256 for a full tile.
// Only the canonical form is accepted; the error is ErrTilePath.
func ParseTilePath(path string) (level int, n int64, width int, err error) {
	t, err := tlog.ParseTilePath("tile/" + strconv.Itoa(TileHeight) + "/" + path)
	if err != nil || t.L < 0 || t.L > 63 || t.N < 0 || len(path) > 100 {
		return 0, 0, 0, ErrTilePath
	}
	return t.L, t.N, t.W, nil
}
