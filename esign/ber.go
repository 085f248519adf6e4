package esign

// maxDepth bounds the nesting of a signature's encoding. Real ones stay below
// twenty, with the extensions of the certificates inside.
const maxDepth = 32

// The tags and classes of X.690 that the conversion needs.
const (
	tagConstructed = 0x20
	tagNumberMask  = 0x1f
	tagOctets      = 0x04
	tagOctetsSplit = tagOctets | tagConstructed
	lengthIndef    = 0x80
)

// normalise rewrites one BER value (X.690 §8) with definite, shortest lengths
// and unfragmented octet strings, so that what follows needs to read DER only.
// Time is linear in the input for the fixed depth; bytes after the value are
// TrailingData.
func normalise(in []byte) ([]byte, error) {
	n := normaliser{in: in, out: make([]byte, 0, len(in)+8)}
	if !n.value(0) || n.tooLong() {
		return nil, refuse(NotASignature, "encoding")
	}
	if len(n.in) != 0 {
		return nil, refuse(TrailingData, "encoding")
	}
	return n.out, nil
}

type normaliser struct {
	in  []byte // not yet read
	out []byte
}

// tooLong can hold only if many indefinite lengths cross a size step.
func (n *normaliser) tooLong() bool { return len(n.out) > 2*MaxSignature }

// value moves one value from in to out and reports whether it was well formed.
func (n *normaliser) value(depth int) bool {
	tag, size, ok := n.header()
	if !ok || depth > maxDepth {
		return false
	}
	start := len(n.out)
	switch {
	case tag == tagOctetsSplit:
		tag = tagOctets
		ok = n.children(size, func() bool { return n.fragment(depth + 1) })
	case tag&tagConstructed != 0:
		ok = n.children(size, func() bool { return n.value(depth + 1) })
	default:
		ok = n.copy(size)
	}
	if ok {
		n.insertHeader(start, tag)
	}
	return ok
}

// fragment appends the bytes of one piece of an octet string (X.690 §8.7.3).
func (n *normaliser) fragment(depth int) bool {
	tag, size, ok := n.header()
	if !ok || depth > maxDepth {
		return false
	}
	switch tag {
	case tagOctets:
		return n.copy(size)
	case tagOctetsSplit:
		return n.children(size, func() bool { return n.fragment(depth + 1) })
	}
	return false
}

// children reads values until size bytes are used, or until the end-of-contents
// octets when size is negative.
func (n *normaliser) children(size int, read func() bool) bool {
	if size < 0 {
		for {
			if len(n.in) < 2 {
				return false
			}
			if n.in[0] == 0 && n.in[1] == 0 {
				n.in = n.in[2:]
				return true
			}
			if !read() {
				return false
			}
		}
	}
	if size > len(n.in) {
		return false
	}
	after := n.in[size:]
	n.in = n.in[:size:size]
	for len(n.in) > 0 {
		if !read() {
			return false
		}
	}
	n.in = after
	return true
}

func (n *normaliser) copy(size int) bool {
	if size < 0 || size > len(n.in) {
		return false
	}
	n.out = append(n.out, n.in[:size]...)
	n.in = n.in[size:]
	return true
}

// header reads a tag of one octet and a length; size is -1 for the indefinite
// form. Tag numbers above 30 do not occur in CMS or X.509, and a bare
// end-of-contents is no value.
func (n *normaliser) header() (tag byte, size int, ok bool) {
	if len(n.in) < 2 {
		return 0, 0, false
	}
	tag, first := n.in[0], n.in[1]
	n.in = n.in[2:]
	if tag == 0 || tag&tagNumberMask == tagNumberMask {
		return 0, 0, false
	}
	if first < lengthIndef {
		return tag, int(first), true
	}
	if first == lengthIndef {
		return tag, -1, tag&tagConstructed != 0
	}
	octets := int(first &^ lengthIndef)
	if octets > 8 || octets > len(n.in) {
		return 0, 0, false
	}
	for _, b := range n.in[:octets] {
		if size = size<<8 | int(b); size > MaxSignature {
			return 0, 0, false
		}
	}
	n.in = n.in[octets:]
	return tag, size, true
}

// insertHeader puts tag and length before out[start:].
func (n *normaliser) insertHeader(start int, tag byte) {
	size := len(n.out) - start
	var h [5]byte
	head := append(h[:0], tag)
	switch {
	case size < 0x80:
		head = append(head, byte(size))
	case size < 1<<8:
		head = append(head, 0x81, byte(size))
	case size < 1<<16:
		head = append(head, 0x82, byte(size>>8), byte(size))
	default:
		head = append(head, 0x83, byte(size>>16), byte(size>>8), byte(size))
	}
	n.out = append(n.out, head...)
	copy(n.out[start+len(head):], n.out[start:start+size])
	copy(n.out[start:], head)
}
