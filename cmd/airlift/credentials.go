package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"airlift/worker/air"
)

// keyPair is an access key and its secret. It is made for being handed on at once; air.Credentials is what is kept.
type keyPair struct {
	access, secret string
	// token is the session token of temporary keys; AiR has no header for it.
	token string
	// place is where the keys come from: "the environment", or `profile "x"`.
	place string
}

// String keeps the pair out of every log and error.
func (keyPair) String() string { return "REDACTED" }

// GoString is String for %#v.
func (keyPair) GoString() string { return "REDACTED" }

// hider takes the keys out of what a server says.
func (k keyPair) hider() *strings.Replacer {
	hide := []string{k.access, k.String(), k.secret, k.String()}
	if k.token != "" {
		hide = append(hide, k.token, k.String())
	}
	return strings.NewReplacer(hide...)
}

func (k keyPair) air() air.Credentials { return air.NewCredentials(k.access, k.secret) }

const missingCredentials = "the credentials: set WASABI_ACCESS_KEY and WASABI_SECRET_KEY, or --profile to use a profile of the AWS shared files"

// errNoCredentials: none of the places has any.
var errNoCredentials = errors.New(missingCredentials)

// credentials finds the keys: an explicit --profile beats the environment, which beats the AWS shared files.
func (a *app) credentials(profile string) (keyPair, error) {
	if profile != "" {
		return a.profileCredentials(profile)
	}
	access, _ := a.getenv("WASABI_ACCESS_KEY")
	secret, _ := a.getenv("WASABI_SECRET_KEY")
	switch {
	case access != "" && secret != "":
		return keyPair{access: access, secret: secret, token: a.sessionToken(access), place: "the environment"}, nil
	case access != "":
		return keyPair{}, usagef("WASABI_ACCESS_KEY is set but WASABI_SECRET_KEY is not: set both, or neither and use --profile")
	case secret != "":
		return keyPair{}, usagef("WASABI_SECRET_KEY is set but WASABI_ACCESS_KEY is not: set both, or neither and use --profile")
	}
	if name, ok := a.getenv("AWS_PROFILE"); ok && name != "" {
		return a.profileCredentials(name)
	}
	pair, err := a.profileCredentials("default")
	if errors.Is(err, errNoProfile) {
		return keyPair{}, errNoCredentials
	}
	return pair, err
}

// errNoProfile: the AWS shared files have no such profile.
var errNoProfile = errors.New("there is no such profile in the AWS shared files: check --profile or AWS_PROFILE")

// sessionToken returns the AWS_SESSION_TOKEN of an access key of the environment; empty if it belongs to another one.
func (a *app) sessionToken(access string) string {
	if of, ok := a.getenv("AWS_ACCESS_KEY_ID"); ok && of != "" && of != access {
		return ""
	}
	token, _ := a.getenv("AWS_SESSION_TOKEN")
	return token
}

// forAiR refuses keys that AiR cannot take, before anything is sent.
func (k keyPair) forAiR() error {
	if k.token == "" {
		return nil
	}
	return &codeError{exitCredentials, k.place + " holds temporary credentials (a session token), which AiR does not take: nothing was sent. " +
		"Give long-lived keys by --profile or WASABI_ACCESS_KEY and WASABI_SECRET_KEY; if S3 needs the temporary ones, run enqueue with them and submit with the long-lived ones"}
}

// awsFile is the path of an AWS shared file.
type awsFile struct {
	path     string
	isConfig bool
}

// awsFiles returns the AWS shared files, in the order in which they are read. They need not be there.
func (a *app) awsFiles() (files []awsFile) {
	for _, f := range []struct {
		variable, name string
		isConfig       bool
	}{{"AWS_CONFIG_FILE", "config", true}, {"AWS_SHARED_CREDENTIALS_FILE", "credentials", false}} {
		path, ok := a.getenv(f.variable)
		if !ok || path == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				continue
			}
			path = filepath.Join(home, ".aws", f.name)
		}
		files = append(files, awsFile{path, f.isConfig})
	}
	return files
}

// profileCredentials reads a profile of the AWS shared files. Keys in the credentials file override those in the config
// file; roles, SSO and credential processes are not supported.
func (a *app) profileCredentials(profile string) (keyPair, error) {
	var keys awsProfile
	exists := false
	for _, file := range a.awsFiles() {
		p, found, err := readAWSFile(file.path, profile, file.isConfig)
		if err != nil {
			return keyPair{}, usagef("read the profile %q of the AWS shared files: %s: %v", profile, file.path, rootCause(err))
		}
		exists = exists || found
		if p.access != "" || p.secret != "" {
			keys = p
		}
	}
	switch {
	case !exists:
		return keyPair{}, fmt.Errorf("profile %q: %w", profile, errNoProfile)
	case (keys.access == "") != (keys.secret == ""):
		return keyPair{}, usagef("the profile %q has half a pair of keys: it needs aws_access_key_id and aws_secret_access_key", profile)
	case keys.access == "":
		return keyPair{}, usagef("the profile %q has no keys: it needs aws_access_key_id and aws_secret_access_key", profile)
	}
	return keyPair{access: keys.access, secret: keys.secret, token: keys.token, place: fmt.Sprintf("profile %q", profile)}, nil
}
