package azurite

import (
	"context"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

// CreateContainer makes a container in the first account; one that exists
// already is left as it is.
func (s *Server) CreateContainer(ctx context.Context, name string) error {
	return s.CreateContainerIn(ctx, s.Account, name)
}

// CreateContainerIn makes a container in one of the accounts.
func (s *Server) CreateContainerIn(ctx context.Context, account, name string) error {
	transport := s.Transport()
	defer transport.CloseIdleConnections()
	key, err := azblob.NewSharedKeyCredential(account, KeyOf(account))
	if err != nil {
		return fmt.Errorf("creating the container %s of %s: %w", name, account, err)
	}
	client, err := azblob.NewClientWithSharedKeyCredential(s.EndpointOf(account), key, &azblob.ClientOptions{
		ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: transport}},
	})
	if err == nil {
		_, err = client.CreateContainer(ctx, name, nil)
	}
	if err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return fmt.Errorf("creating the container %s of %s: %w", name, account, err)
	}
	return nil
}
