package esign

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"mime"
	"net/textproto"
	"strings"
)

// unwrap finds the BER inside PEM (RFC 7468 §9 and the older PKCS7 label),
// S/MIME text (RFC 8551 §3) or bare base64; binary input is returned as it is.
func unwrap(b []byte) ([]byte, error) {
	if len(b) > 1 && b[0] == 0x30 && b[1] >= lengthIndef {
		return b, nil
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff")))
	switch {
	case bytes.HasPrefix(text, []byte("-----BEGIN ")):
		return unwrapPEM(text)
	case bytes.HasPrefix(text, []byte("MI")) && !bytes.HasPrefix(text, []byte("MIME")):
		return decodeBase64(text)
	}
	return unwrapMIME(text)
}

func unwrapPEM(text []byte) ([]byte, error) {
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, refuse(NotASignature, "PEM")
	}
	switch block.Type {
	case "CMS", "PKCS7", "PKCS #7 SIGNED DATA":
	default:
		return nil, refuse(NotASignature, "PEM label")
	}
	if len(bytes.TrimSpace(rest)) != 0 {
		return nil, refuse(TrailingData, "PEM")
	}
	return block.Bytes, nil
}

// unwrapMIME takes the signature out of application/pkcs7-mime, or out of the
// last part of multipart/signed.
func unwrapMIME(text []byte) ([]byte, error) {
	media, params, body, ok := entity(text)
	if !ok {
		return nil, refuse(NotASignature, "no known wrapping")
	}
	if media == "multipart/signed" {
		part, ok := secondPart(body, params["boundary"])
		if !ok {
			return nil, refuse(NotASignature, "multipart")
		}
		if media, _, body, ok = entity(part); !ok {
			return nil, refuse(NotASignature, "signature part")
		}
	}
	switch media {
	case "application/pkcs7-signature", "application/x-pkcs7-signature",
		"application/pkcs7-mime", "application/x-pkcs7-mime":
		return decodeBase64(body)
	}
	return nil, refuse(NotASignature, "media type")
}

// entity splits headers from the body and reads the media type. Any transfer
// encoding but base64 is refused.
func entity(text []byte) (media string, params map[string]string, body []byte, ok bool) {
	r := bufio.NewReader(bytes.NewReader(text))
	h, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		return "", nil, nil, false
	}
	media, params, err = mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return "", nil, nil, false
	}
	enc := h.Get("Content-Transfer-Encoding")
	if !strings.HasPrefix(media, "multipart/") && !strings.EqualFold(enc, "base64") {
		return "", nil, nil, false
	}
	body = headersEnd(text)
	return media, params, body, true
}

// headersEnd returns what follows the first empty line.
func headersEnd(text []byte) []byte {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		if len(bytes.TrimRight(line, "\r")) == 0 {
			break
		}
	}
	return text
}

// secondPart returns the second of exactly two parts (RFC 1847 §2.1). The
// standard library's reader is no help: the first part may lack headers.
func secondPart(body []byte, boundary string) ([]byte, bool) {
	if boundary == "" {
		return nil, false
	}
	parts := bytes.Split(append([]byte("\n"), body...), []byte("\n--"+boundary))
	if len(parts) != 4 || !bytes.Equal(bytes.TrimSpace(parts[3]), []byte("--")) {
		return nil, false
	}
	_, part, ok := bytes.Cut(parts[2], []byte("\n"))
	return part, ok
}

// decodeBase64 reads one run of base64 with line breaks; anything else, also
// after the end, is refused.
func decodeBase64(text []byte) ([]byte, error) {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(out, bytes.TrimSpace(text))
	if err != nil {
		return nil, refuse(NotASignature, "base64")
	}
	return out[:n], nil
}
