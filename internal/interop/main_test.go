package interop_test

import (
	"os"
	"testing"

	"github.com/sluicedata/sluice/internal/interop"
)

func TestMain(m *testing.M) { os.Exit(interop.Main(m)) }
