package state_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/state"
)

// writerFolder makes this test binary a second process that writes to a history.
const writerFolder = "SLUICE_TEST_STATE_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerFolder); dir != "" {
		os.Exit(otherWriter(dir))
	}
	goleak.VerifyTestMain(m)
}

// writes is what each of two processes writes.
const writes = 20

func otherWriter(dir string) int {
	s, err := state.Open(context.Background(), dir, state.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i := range writes {
		if err := s.Write(context.Background(), run(fmt.Sprint("other-", i), noon), nil, []state.Event{{Time: noon}}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := s.Close(); err != nil {
		return 1
	}
	return 0
}
