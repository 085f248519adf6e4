package register

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// numbered is a leaf for each number.
func numbered(n int64) Hash {
	return LeafHash(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// reference is a tree as tlog stores it: an implementation that is not ours.
type reference []Hash

func (r *reference) append(t testing.TB, n int64) {
	t.Helper()
	hashes, err := tlog.StoredHashesForRecordHash(n, numbered(n), r)
	if err != nil {
		t.Fatal(err)
	}
	*r = append(*r, hashes...)
}

// ReadHashes implements tlog.HashReader.
func (r *reference) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	for i, x := range indexes {
		out[i] = (*r)[x]
	}
	return out, nil
}

func TestTreeIsTheReferences(t *testing.T) {
	var tree Tree
	var ref reference
	for n := range int64(70_000) {
		if n < 600 || n%997 == 0 || n > 65_500 && n < 65_600 {
			head, err := tree.Head()
			want, refErr := tlog.TreeHash(n, &ref)
			if err != nil || refErr != nil || head.N != n || head.Hash != want {
				t.Fatalf("at %d: %v %v %v, want %v", n, head, err, refErr, want)
			}
		}
		tree.Append(numbered(n))
		ref.append(t, n)
	}
	checkTiles(t, append(tree.Full(), tree.Edge()...), &ref, 70_000)
}

// checkTiles compares tiles with those of C2SP tlog-tiles for a tree of a size.
func checkTiles(t *testing.T, tiles []Tile, ref *reference, size int64) {
	t.Helper()
	want := tlog.NewTiles(TileHeight, 0, size)
	if len(tiles) != len(want) {
		t.Fatalf("%d tiles, want %d", len(tiles), len(want))
	}
	stored := map[string][]byte{}
	for _, tile := range tiles {
		stored[fmt.Sprint(tile.Level, tile.N)] = tile.Hashes
	}
	for _, w := range want {
		data, err := tlog.ReadTileData(w, ref)
		if err != nil {
			t.Fatal(err)
		}
		if got := stored[fmt.Sprint(w.L, w.N)]; !bytes.Equal(got, data) {
			t.Errorf("tile %s is not the reference's", w.Path())
		}
	}
}

// A tree that is put down and taken up again anywhere is the same tree.
func TestOpenTree(t *testing.T) {
	stored := map[string][]byte{}
	fetch := func(level int, n int64) ([]byte, error) {
		b, ok := stored[fmt.Sprint(level, n)]
		if !ok {
			return nil, errors.New("not stored")
		}
		return b, nil
	}
	size := int64(0)
	var ref reference
	for _, step := range []int64{1, 1, 253, 1, 1, 255, 256, 300, 1000, 63_000, 468, 1, 2000} {
		tree, err := OpenTree(size, fetch)
		if err != nil {
			t.Fatalf("at %d: %v", size, err)
		}
		for range step {
			tree.Append(numbered(size))
			ref.append(t, size)
			size++
		}
		for _, tile := range tree.Take() {
			key := fmt.Sprint(tile.Level, tile.N)
			if !bytes.HasPrefix(tile.Hashes, stored[key]) {
				t.Errorf("at %d: tile %s did not grow", size, key)
			}
			stored[key] = tile.Hashes
		}
		if again := tree.Take(); len(again) != 0 {
			t.Errorf("at %d: %d tiles twice", size, len(again))
		}
		head, err := tree.Head()
		want, _ := tlog.TreeHash(size, &ref)
		if err != nil || head.Hash != want || tree.Size() != size {
			t.Fatalf("at %d: %v %v", size, head, err)
		}
	}
}

func TestOpenTreeRefuses(t *testing.T) {
	gone := errors.New("gone")
	if _, err := OpenTree(300, func(int, int64) ([]byte, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Error(err)
	}
	if _, err := OpenTree(300, func(int, int64) ([]byte, error) { return make([]byte, 32), nil }); !errors.Is(err, ErrTree) {
		t.Errorf("44 hashes are needed: %v", err)
	}
}

func TestClone(t *testing.T) {
	var a Tree
	for n := range int64(255) {
		a.Append(numbered(n))
	}
	b := a.Clone()
	a.Append(numbered(255))
	b.Append(numbered(1000))
	one, _ := a.Head()
	two, _ := b.Head()
	if one == two || one.N != 256 || two.N != 256 || len(a.Full()) != 1 || len(b.Full()) != 1 {
		t.Errorf("%v %v", one, two)
	}
}

func TestParseTilePath(t *testing.T) {
	for path, want := range map[string]struct {
		level int
		n     int64
		width int
	}{
		"0/000": {0, 0, 256}, "0/x001/x234/067": {0, 1234067, 256}, "1/002.p/17": {1, 2, 17}, "63/999.p/255": {63, 999, 255},
	} {
		level, n, width, err := ParseTilePath(path)
		if err != nil || level != want.level || n != want.n || width != want.width {
			t.Errorf("%s: %d %d %d %v", path, level, n, width, err)
		}
	}
	for _, path := range []string{
		"", "/", "0", "0/0", "00/000", "0/00", "0/0000", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p", "data/000", "entries/000",
		"-1/000", "64/000", "0/x000/001", "0/001/002", "0/../000", "0/000/", "8/0/000", "0/x1/000", "0/+01",
	} {
		if _, _, _, err := ParseTilePath(path); !errors.Is(err, ErrTilePath) {
			t.Errorf("%q is taken", path)
		}
	}
}

func FuzzParseTilePath(f *testing.F) {
	f.Add("0/x001/x234/067.p/12")
	f.Fuzz(func(t *testing.T, path string) {
		level, n, width, err := ParseTilePath(path)
		if err != nil {
			return
		}
		if again := (tlog.Tile{H: TileHeight, L: level, N: n, W: width}).Path(); again != "tile/8/"+path {
			t.Errorf("%q is read as %s", path, again)
		}
	})
}

// The floor for everything that reads a million entries: hashing their bytes
// and the tree over them, from memory.
func BenchmarkMerkle(b *testing.B) {
	const n = 100_000
	data := []byte(sampleText)
	for b.Loop() {
		var tree Tree
		for range n {
			tree.Append(LeafHash(data))
			tree.Full()
		}
		if _, err := tree.Head(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)*1_000_000/n, "ms/1e6-entries")
}
