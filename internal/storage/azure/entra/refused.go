package entra

import (
	"errors"
	"syscall"
)

// windowsRefused is WSAECONNREFUSED. Package syscall has on Windows a number of its
// own making for ECONNREFUSED, which no call returns; elsewhere there is none as
// high.
const windowsRefused = syscall.Errno(10061)

// Refused reports whether a host answered that nothing takes connections at the
// port.
func Refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, windowsRefused)
}
