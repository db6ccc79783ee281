package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// soonExpired is when there is still time to have a new signature made.
const soonExpired = 7 * 24 * time.Hour

// signature reads what a shared access signature says of itself. The service
// refuses an expired one in the words of a wrong one.
func signature(about entra.About, now time.Time) Step {
	s := &about.SAS
	lacks := s.Lacks(about.Write)
	switch {
	case s.Expired(now):
		return Step{State: Fail, Code: "SAS_EXPIRED", Storage: true, Reason: "the shared access signature was valid until " + s.Expiry, Fix: s.ExpiredFix(now)}
	case s.Early(now):
		return Step{State: Fail, Code: "SAS_NOT_YET_VALID", Storage: true, Reason: "the shared access signature is valid from " + s.Start + " on", Fix: s.EarlyFix(now)}
	case len(lacks) == 1 && strings.HasPrefix(lacks[0], "d "):
		return warn("SAS_PERMISSIONS", "the shared access signature does not allow to delete: what a run gives up stays in the lake", s.LacksFix(about.Write))
	case len(lacks) > 0:
		return Step{State: Fail, Code: "SAS_PERMISSIONS", Storage: true, Reason: "the shared access signature does not allow " + strings.Join(lacks, ", "), Fix: s.LacksFix(about.Write)}
	case s.Expired(now.Add(soonExpired)):
		return warn("SAS_EXPIRES", "the shared access signature is valid until "+s.Expiry, "make a new one before, and put it into sas_token")
	}
	return pass(allowed(s))
}

// allowed says what a signature that is of use allows.
func allowed(s *entra.SAS) string {
	until, may := "as long as a stored access policy says", "what a stored access policy says"
	if s.Expiry != "" {
		until = "until " + s.Expiry
	}
	if s.Permissions != "" {
		may = "sp=" + s.Permissions
	}
	return fmt.Sprintf("the shared access signature allows %s, %s", may, until)
}
