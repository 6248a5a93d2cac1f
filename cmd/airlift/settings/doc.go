// Package settings shows which settings are in force, and where each of them came from: `airlift config show`.
//
// Invariants:
//
//  1. No output has a secret: of the credentials it tells the place and the end of the access key, and of a URL neither user,
//     password nor query.
//  2. What is wrong with the settings is part of the output; it never keeps the rest from being shown.
//  3. It opens no queue and sends nothing.
//
// Outside: how a setting is found (package config), what it means (package flags), and whether it works (package doctor).
package settings
