package delta

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// z85Digits are the digits of ZeroMQ RFC 32: five of them, most significant
// first, hold four bytes big-endian. None needs escaping in JSON.
const z85Digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// encodeZ85 encodes a multiple of four bytes; what is over is ignored.
func encodeZ85(data []byte) string {
	out := make([]byte, 0, len(data)/4*5)
	for ; len(data) >= 4; data = data[4:] {
		n := binary.BigEndian.Uint32(data)
		for div := uint32(85 * 85 * 85 * 85); div > 0; div /= 85 {
			out = append(out, z85Digits[n/div%85])
		}
	}
	return string(out)
}

func decodeZ85(text string) ([]byte, error) {
	if len(text)%5 != 0 {
		return nil, fmt.Errorf("%w: z85 text of %d characters, not a multiple of 5", ErrCorrupt, len(text))
	}
	out := make([]byte, 0, len(text)/5*4)
	for i := 0; i < len(text); i += 5 {
		n := uint64(0)
		for j := i; j < i+5; j++ {
			digit := strings.IndexByte(z85Digits, text[j])
			if digit < 0 {
				return nil, fmt.Errorf("%w: %q is not a z85 digit", ErrCorrupt, text[j])
			}
			n = n*85 + uint64(digit)
		}
		if n > 1<<32-1 {
			return nil, fmt.Errorf("%w: z85 text %q stands for more than 32 bits", ErrCorrupt, text[i:i+5])
		}
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	return out, nil
}
