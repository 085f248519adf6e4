package register

import (
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// TileHeight is the height of the tree's tiles, as C2SP tlog-tiles has it.
const TileHeight = 8

// tileWidth is the number of hashes in a full tile.
const tileWidth = 1 << TileHeight

// ErrTree says that stored parts of the tree do not fit each other.
var ErrTree = errors.New("register: the stored tree does not fit together")

// Tile is some of the tree's hashes: up to 256 at a level, from N·256 on. A
// hash at level L covers 256^L leaves.
type Tile struct {
	Level  int
	N      int64
	Hashes []byte // 32 bytes each
}

// Tree is the growing edge of the log's Merkle tree (RFC 6962 §2.1): enough to
// add leaves and to know the root, without the leaves before. The zero value is
// the empty tree.
type Tree struct {
	size  int64
	edge  [][]byte // by level, the hashes of the tile that is not full yet
	grown []bool   // by level, whether the edge has grown since Take
	full  []Tile   // filled since Take
}

// OpenTree continues a tree of a size. fetch answers a tile of which at least
// the given width is stored. ErrTree: a tile is shorter.
func OpenTree(size int64, fetch func(level int, n int64) ([]byte, error)) (*Tree, error) {
	t := &Tree{size: size}
	for level := 0; size>>(TileHeight*level) > 0; level++ {
		count := size >> (TileHeight * level)
		var hashes []byte
		if w := count % tileWidth * tlog.HashSize; w > 0 {
			stored, err := fetch(level, count/tileWidth)
			if err != nil {
				return nil, err
			}
			if int64(len(stored)) < w {
				return nil, ErrTree
			}
			hashes = append(make([]byte, 0, tileWidth*tlog.HashSize), stored[:w]...)
		}
		t.edge = append(t.edge, hashes)
		t.grown = append(t.grown, false)
	}
	return t, nil
}

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Append adds a leaf.
func (t *Tree) Append(leaf Hash) {
	t.add(0, t.size, leaf)
	t.size++
}

// add appends hash number n of a level to its tile, and the hash of a tile that
// becomes full to the level above.
func (t *Tree) add(level int, n int64, h Hash) {
	if level == len(t.edge) {
		t.edge = append(t.edge, nil)
		t.grown = append(t.grown, false)
	}
	if t.edge[level] == nil {
		t.edge[level] = make([]byte, 0, tileWidth*tlog.HashSize)
	}
	t.edge[level] = append(t.edge[level], h[:]...)
	t.grown[level] = true
	if len(t.edge[level]) < tileWidth*tlog.HashSize {
		return
	}
	hashes := t.edge[level]
	t.full = append(t.full, Tile{level, n / tileWidth, hashes})
	t.edge[level], t.grown[level] = nil, false
	t.add(level+1, n/tileWidth, subtree(hashes))
}

// subtree is the hash over a full tile's hashes.
func subtree(hashes []byte) Hash {
	var level [tileWidth]Hash
	n := len(hashes) / tlog.HashSize
	for i := range n {
		level[i] = Hash(hashes[i*tlog.HashSize:])
	}
	for ; n > 1; n /= 2 {
		for i := range n / 2 {
			level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
	}
	return level[0]
}

// Full returns the tiles that became full since the last Full or Take.
func (t *Tree) Full() []Tile {
	tiles := t.full
	t.full = nil
	return tiles
}

// Take returns every tile that grew since the last Take: the full ones, then
// those on the edge. Their hashes must not be changed.
func (t *Tree) Take() []Tile {
	tiles := t.Full()
	for level, grown := range t.grown {
		if grown {
			tiles = append(tiles, t.edgeTile(level))
			t.grown[level] = false
		}
	}
	return tiles
}

// Edge returns the tiles that are not full.
func (t *Tree) Edge() []Tile {
	var tiles []Tile
	for level, hashes := range t.edge {
		if len(hashes) > 0 {
			tiles = append(tiles, t.edgeTile(level))
		}
	}
	return tiles
}

func (t *Tree) edgeTile(level int) Tile {
	hashes := t.edge[level]
	return Tile{level, t.size >> (TileHeight * (level + 1)), slices.Clip(hashes)}
}

// Head is the size and the root, which the edge is enough to know.
func (t *Tree) Head() (tlog.Tree, error) {
	root, err := tlog.TreeHash(t.size, tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		hashes := make([]Hash, len(indexes))
		for i, index := range indexes {
			tile := tlog.TileForIndex(TileHeight, index)
			if tile.L >= len(t.edge) {
				return nil, ErrTree
			}
			h, err := tlog.HashFromTile(tile, t.edge[tile.L], index)
			if err != nil {
				return nil, ErrTree
			}
			hashes[i] = h
		}
		return hashes, nil
	}))
	return tlog.Tree{N: t.size, Hash: root}, err
}

// Clone is a tree that grows by itself from here on.
func (t *Tree) Clone() *Tree {
	c := &Tree{size: t.size, grown: append([]bool(nil), t.grown...), full: append([]Tile(nil), t.full...)}
	for _, hashes := range t.edge {
		var edge []byte
		if hashes != nil {
			edge = append(make([]byte, 0, tileWidth*tlog.HashSize), hashes...)
		}
		c.edge = append(c.edge, edge)
	}
	return c
}
