package text

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// factors of the units that people write. A unit without i counts in 1000s.
var factors = map[string]float64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// ParseSize reads a number of bytes: 268435456, 256MiB, 1.5 GiB, 512MB.
func ParseSize(s string) (int64, error) {
	trimmed := strings.TrimSpace(s)
	at := strings.IndexFunc(trimmed, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if at < 0 {
		at = len(trimmed)
	}
	factor, known := factors[strings.ToLower(strings.TrimSpace(trimmed[at:]))]
	n, err := strconv.ParseFloat(trimmed[:at], 64)
	if err != nil || !known {
		return 0, fmt.Errorf("%q is not a size: write 256MiB, 1GiB, 512MB or a number of bytes", s)
	}
	if n *= factor; n >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is more than can be counted", s)
	}
	return int64(n), nil
}

// FormatSize is a size as ParseSize reads it, without loss: 1GiB, 512MB, 1000.
func FormatSize(n int64) string {
	for _, unit := range []string{"TiB", "GiB", "MiB", "GB", "MB"} {
		if f := int64(factors[strings.ToLower(unit)]); n >= f && n%f == 0 {
			return strconv.FormatInt(n/f, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10)
}
