package entratest

import (
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// What the server knows, unless its options say otherwise.
const (
	TenantID     = "aaaaaaaa-1111-2222-3333-444444444444"
	ClientID     = "bbbbbbbb-1111-2222-3333-444444444444"
	ClientSecret = "right~secret"
	Scope        = "https://storage.azure.com/.default"
)

// Options of a server.
type Options struct {
	// Applications beside ClientID, with their secrets.
	Applications map[string]string
	// ExpiredSecret is a secret that once was right.
	ExpiredSecret string
	// Certificate that the application has, nil for none.
	Certificate *x509.Certificate
	// Issuer and Audience of the tokens; right ones if empty.
	Issuer, Audience string
	// Answer, where it is set, answers requests for tokens in place of the
	// server, which goes on where it reports false.
	Answer func(http.ResponseWriter, *http.Request) bool
}

// Server is running until it is closed.
type Server struct {
	// URL is the authority host.
	URL string

	opts   Options
	http   *httptest.Server
	mu     sync.Mutex
	tokens map[string]int // by application
}

// Start starts a server on a free port of loopback.
func Start(opts Options) *Server {
	opts.Issuer = cmp.Or(opts.Issuer, "https://sts.windows.net/"+TenantID+"/")
	opts.Audience = cmp.Or(opts.Audience, "https://storage.azure.com")
	s := &Server{opts: opts, tokens: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.configuration)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	s.http = httptest.NewUnstartedServer(mux)
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that tests make fail
	s.http.StartTLS()
	s.URL = s.http.URL
	return s
}

// Close ends the server.
func (s *Server) Close() { s.http.Close() }

// Tokens is how many tokens were given.
func (s *Server) Tokens() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, one := range s.tokens {
		n += one
	}
	return int64(n)
}

// TokensOf an application.
func (s *Server) TokensOf(client string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[client]
}

// secretOf an application; false for one that is not known.
func (s *Server) secretOf(client string) (string, bool) {
	if client == ClientID {
		return ClientSecret, true
	}
	secret, known := s.opts.Applications[client]
	return secret, known
}

// CertPEM is the server's certificate, for other processes to trust.
func (s *Server) CertPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
}

// Client trusts the server's certificate and those given, in PEM.
func (s *Server) Client(certificates ...[]byte) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(s.http.Certificate())
	for _, certificate := range certificates {
		pool.AppendCertsFromPEM(certificate)
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true, // a test leaves no connection behind
	}}
}

func (s *Server) configuration(w http.ResponseWriter, r *http.Request) {
	tenant := r.PathValue("tenant")
	if tenant != TenantID {
		Refuse(w, http.StatusBadRequest, "invalid_tenant", "AADSTS90002: Tenant '"+tenant+
			"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.")
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"issuer":                 s.URL + "/" + tenant + "/v2.0",
		"authorization_endpoint": s.URL + "/" + tenant + "/oauth2/v2.0/authorize",
		"token_endpoint":         s.URL + "/" + tenant + "/oauth2/v2.0/token",
	})
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if s.opts.Answer != nil && s.opts.Answer(w, r) {
		return
	}
	client, secret, assertion := r.PostFormValue("client_id"), r.PostFormValue("client_secret"), r.PostFormValue("client_assertion")
	right, known := s.secretOf(client)
	switch {
	case !known:
		Refuse(w, http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '"+client+
			"' was not found in the directory 'Contoso'. This can happen if the application has not been installed.")
	case assertion != "" && !s.knows(assertion):
		Refuse(w, http.StatusUnauthorized, "invalid_client", "AADSTS700027: The certificate with identifier used to sign the client assertion "+
			"is not registered on application. [Reason - The key was not found.]")
	case assertion == "" && s.opts.ExpiredSecret != "" && secret == s.opts.ExpiredSecret:
		Refuse(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000222: The provided client secret keys for app '"+client+
			"' are expired. Visit the Azure portal to create new keys for your app.")
	case assertion == "" && secret != right:
		Refuse(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided. "+
			"Ensure the secret being sent in the request is the client secret value, not the client secret ID.")
	case !strings.Contains(r.PostFormValue("scope"), Scope):
		Refuse(w, http.StatusBadRequest, "invalid_scope", "AADSTS70011: The provided request must include a 'scope' input parameter. "+
			"The provided value for the input parameter 'scope' is not valid.")
	default:
		s.mu.Lock()
		s.tokens[client]++
		s.mu.Unlock()
		answer(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": s.bearer(client)})
	}
}

// Refuse answers as Entra does, with the ids that it appends to each sentence.
func Refuse(w http.ResponseWriter, status int, code, description string) {
	answer(w, status, map[string]any{
		"error": code,
		"error_description": description + "\r\nTrace ID: 00000000-0000-0000-0000-000000000000\r\n" +
			"Correlation ID: 00000000-0000-0000-0000-000000000000\r\nTimestamp: 2024-01-15 12:00:00Z",
	})
}

func answer(w http.ResponseWriter, status int, document map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The only error is that of a client that went away.
	_ = json.NewEncoder(w).Encode(document) //nolint:errchkjson // texts and numbers
}

// knows reports whether a client assertion was signed with the application's
// certificate, by the thumbprint in its head.
func (s *Server) knows(assertion string) bool {
	head, _, _ := strings.Cut(assertion, ".")
	data, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil || s.opts.Certificate == nil {
		return false
	}
	thumbprint := sha256.Sum256(s.opts.Certificate.Raw)
	return strings.Contains(string(data), base64.RawURLEncoding.EncodeToString(thumbprint[:])) ||
		strings.Contains(string(data), base64.StdEncoding.EncodeToString(thumbprint[:]))
}

// bearer is a token as Azurite wants it.
func (s *Server) bearer(client string) string {
	now := time.Now().Unix()
	claims := fmt.Sprintf(`{"aud":%q,"iss":%q,"iat":%d,"nbf":%d,"exp":%d,"appid":%q,"tid":%q,"ver":"1.0"}`,
		s.opts.Audience, s.opts.Issuer, now, now-300, now+3599, client, TenantID)
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"typ":"JWT","alg":"RS256"}`)) + "." + part([]byte(claims)) + "." + part([]byte("not checked"))
}
