// Package kubernetes checks the manifests of cmd/airlift/deploy with the types of Kubernetes itself. It is a module of its own, so
// that airlift does not depend on them.
package kubernetes
