package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"

	"airlift/worker/air"
)

// keyPair is an access key and its secret. It is made for being handed on at once; air.Credentials is what is kept.
type keyPair struct{ access, secret string }

// String keeps the pair out of every log and error.
func (keyPair) String() string { return "REDACTED" }

// GoString is String for %#v.
func (keyPair) GoString() string { return "REDACTED" }

func (k keyPair) air() air.Credentials { return air.NewCredentials(k.access, k.secret) }

const missingCredentials = "the credentials: set WASABI_ACCESS_KEY and WASABI_SECRET_KEY, or --profile to use a profile of the AWS shared files"

// errNoCredentials: none of the places has any.
var errNoCredentials = errors.New(missingCredentials)

// credentials finds the keys: an explicit --profile beats the environment, which beats the AWS shared files.
func (a *app) credentials(ctx context.Context, profile string) (keyPair, error) {
	if profile != "" {
		return a.profileCredentials(ctx, profile)
	}
	access, _ := a.getenv("WASABI_ACCESS_KEY")
	secret, _ := a.getenv("WASABI_SECRET_KEY")
	switch {
	case access != "" && secret != "":
		return keyPair{access, secret}, nil
	case access != "":
		return keyPair{}, usagef("WASABI_ACCESS_KEY is set but WASABI_SECRET_KEY is not: set both, or neither and use --profile")
	case secret != "":
		return keyPair{}, usagef("WASABI_SECRET_KEY is set but WASABI_ACCESS_KEY is not: set both, or neither and use --profile")
	}
	if name, ok := a.getenv("AWS_PROFILE"); ok && name != "" {
		return a.profileCredentials(ctx, name)
	}
	pair, err := a.profileCredentials(ctx, "default")
	if errors.Is(err, errNoProfile) {
		return keyPair{}, errNoCredentials
	}
	return pair, err
}

// errNoProfile: the AWS shared files have no such profile.
var errNoProfile = errors.New("there is no such profile in the AWS shared files: check --profile or AWS_PROFILE")

// profileCredentials reads a profile of the AWS shared files. Only keys that stand there are taken: AiR knows no others.
func (a *app) profileCredentials(ctx context.Context, profile string) (keyPair, error) {
	shared, err := config.LoadSharedConfigProfile(ctx, profile, func(o *config.LoadSharedConfigOptions) {
		if f, ok := a.getenv("AWS_SHARED_CREDENTIALS_FILE"); ok && f != "" {
			o.CredentialsFiles = []string{f}
		}
		if f, ok := a.getenv("AWS_CONFIG_FILE"); ok && f != "" {
			o.ConfigFiles = []string{f}
		}
	})
	if err != nil {
		var missing config.SharedConfigProfileNotExistError
		if errors.As(err, &missing) {
			return keyPair{}, fmt.Errorf("profile %q: %w", profile, errNoProfile)
		}
		return keyPair{}, usagef("read the profile %q of the AWS shared files: %v", profile, err)
	}
	c := shared.Credentials
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		return keyPair{}, usagef("the profile %q has half a pair of keys: it needs aws_access_key_id and aws_secret_access_key", profile)
	}
	if c.AccessKeyID == "" {
		return keyPair{}, usagef("the profile %q has no keys: it needs aws_access_key_id and aws_secret_access_key", profile)
	}
	return keyPair{c.AccessKeyID, c.SecretAccessKey}, nil
}
