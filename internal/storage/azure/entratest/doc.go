// Package entratest is a Microsoft Entra ID for tests: a token endpoint on
// loopback over https that knows one tenant and one application, and answers
// what is wrong in Entra's words.
//
//	GET  /<tenant>/v2.0/.well-known/openid-configuration
//	POST /<tenant>/oauth2/v2.0/token     client_id, client_secret or client_assertion, scope
//
//	unknown tenant         400 invalid_tenant       AADSTS90002
//	unknown application    400 unauthorized_client  AADSTS700016
//	wrong secret           401 invalid_client       AADSTS7000215
//	expired secret         401 invalid_client       AADSTS7000222
//	unknown certificate    401 invalid_client       AADSTS700027
//	unknown scope          400 invalid_scope        AADSTS70011
//
// Its tokens have the claims that Azurite checks with --oauth basic: iat, nbf,
// exp, iss beginning with https://sts.windows.net/ and aud
// https://storage.azure.com. Nobody checks their signature.
package entratest
