package dice

import "testing"

// TestVectors holds the numbers: were they to change, every export would.
func TestVectors(t *testing.T) {
	s := Source{State: 1234567}
	// the published first outputs of SplitMix64 for this seed
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		if got := s.Next(); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
	if Salt("a") == Salt("b") || Salt("") == 0 {
		t.Error("salts of different names are equal, or one is zero")
	}
}

func TestBelowStaysBelow(t *testing.T) {
	s := Source{State: 1}
	seen := [7]int{}
	for range 7000 {
		seen[s.Below(7)]++
	}
	for v, n := range seen {
		if n < 850 || n > 1150 {
			t.Errorf("%d came %d times in 7000", v, n)
		}
	}
}
