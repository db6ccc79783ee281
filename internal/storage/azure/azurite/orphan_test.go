package azurite

import "testing"

// A server whose starter is gone sees its standard input end, and ends.
func TestServerEndsWithItsStandardInput(t *testing.T) {
	s := Test(t, Options{})
	if err := s.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.close.Do(func() { s.closed = s.release() })
}
