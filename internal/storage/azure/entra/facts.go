package entra

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// facts are what an error tells, whichever library made it.
type facts struct {
	About
	code    string
	message string // first sentence of the answer, or of our own
	own     bool   // message is ours: the code adds nothing for people
	status  int    // of HTTP, 0 without an answer
	// detail of an authentication that failed. It can hold signatures and is
	// never shown.
	detail string
	// home is the tenant of the storage account, as its challenge names it.
	home string
	// clock is the service's.
	clock     time.Time
	authority string // of a sign-in
	host      string // of the network's error
	refused   bool   // nothing listens there
	dfs       bool   // the Data Lake service answered in the blob service's place
}

// gather finds what there is to know, most telling first: a sign-in fails
// inside of a request to the storage service.
func gather(err error, about About) (*facts, bool) {
	f := &facts{About: about}
	if failed, ok := errors.AsType[*SignInError](err); ok {
		f.signIn(failed)
		return f, true
	}
	if failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok {
		f.signIn(&SignInError{Way: about.Way, TenantID: about.TenantID, ClientID: about.ClientID, cause: failed})
		return f, true
	}
	if answer, ok := errors.AsType[*azcore.ResponseError](err); ok {
		f.storage(answer)
		return f, true
	}
	return f, f.network(err)
}

// signIn takes what Entra or the machine's own credential said.
func (f *facts) signIn(e *SignInError) {
	f.Way, f.TenantID, f.ClientID, f.authority = e.Way, e.TenantID, e.ClientID, e.Authority
	if got, answered := e.reply(); answered {
		f.head(got)
		f.code, f.message = aadsts(got.body)
	}
	switch {
	case f.code != "":
	case e.ofMachine():
		f.code, f.own = "NO_"+strings.ToUpper(string(e.Way)), true
		f.message = tried(e.cause)
	case e.network != nil && f.network(e.network):
	case e.network != nil:
		f.code, f.own, f.message = "SIGN_IN_FAILED", true, "the sign-in host cannot be reached: "+innermost(e.network)
	case f.message == "" && e.cause != nil:
		f.code, f.own, f.message = "SIGN_IN_FAILED", true, sentence(e.cause.Error())
	default:
		f.code, f.own = "SIGN_IN_FAILED", true
	}
	f.message = e.clean(f.message)
}

// ofMachine: the credential comes from the machine, which tells in words alone
// that there is none.
func (e *SignInError) ofMachine() bool {
	switch e.Way {
	case ManagedIdentity, WorkloadIdentity, AzureCLI, DefaultChain:
		return e.Way != WorkloadIdentity || e.network == nil
	default:
		return false
	}
}

// tried is what azidentity says of credentials that a machine does not have:
// one line, or one for each that it tried.
func tried(cause error) string {
	if cause == nil {
		return "no token"
	}
	var lines []string
	for line := range strings.SplitSeq(cause.Error(), "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "To troubleshoot") {
			lines = append(lines, sentence(line))
		}
	}
	const most = 8
	if len(lines) > most {
		lines = lines[:most]
	}
	return strings.Join(lines, "; ")
}

var aadstsCode = regexp.MustCompile(`AADSTS\d+`)

// aadsts reads {"error":…,"error_description":"AADSTS7000215: Invalid …"}. An
// answer of something else than Entra has no code.
func aadsts(body []byte) (code, message string) {
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", ""
	}
	code = aadstsCode.FindString(answer.Description)
	if code == "" {
		return "", sentence(strings.TrimSpace(answer.Error + " " + answer.Description))
	}
	_, said, _ := strings.Cut(answer.Description, code+":")
	return code, sentence(said)
}

// storage takes what the storage service said.
func (f *facts) storage(e *azcore.ResponseError) {
	f.status, f.code = e.StatusCode, e.ErrorCode
	if e.RawResponse != nil {
		got := read(e.RawResponse)
		f.head(got)
		f.body(got.body)
	}
	if f.code == "" {
		f.code = strings.ReplaceAll(http.StatusText(f.status), " ", "")
	}
	if f.code == "" {
		f.code = "HTTP" + strconv.Itoa(f.status)
	}
}

// body reads the answer's document: XML of the blob service, JSON of the Data Lake
// (dfs) one. Answers to HEAD have none.
func (f *facts) body(data []byte) {
	var blob struct {
		Code    string `xml:"Code"`
		Message string `xml:"Message"`
		Detail  string `xml:"AuthenticationErrorDetail"`
	}
	var lake struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	switch {
	case xml.Unmarshal(data, &blob) == nil:
		f.detail = blob.Detail
	case json.Unmarshal(data, &lake) == nil && lake.Error.Code != "":
		f.dfs = true
		blob.Code, blob.Message = lake.Error.Code, lake.Error.Message
	default:
		return
	}
	f.message = sentence(blob.Message)
	if f.code == "" {
		f.code = sentence(blob.Code)
	}
}

var challenged = regexp.MustCompile(`authorization_uri="?https?://[^/"\s]+/([^/"\s,]+)`)

// head reads status and header of an answer.
func (f *facts) head(got reply) {
	f.status = got.status
	if at, err := http.ParseTime(got.header.Get("Date")); err == nil {
		f.clock = at
	}
	if m := challenged.FindStringSubmatch(got.header.Get("WWW-Authenticate")); m != nil {
		f.home = m[1]
	}
}
