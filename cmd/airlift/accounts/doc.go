// Package accounts sets the flags of a command for one account after the other, and makes what sends the items of each.
//
// Invariants:
//
//  1. A batch is worked with the settings and the keys of its own account, or not at all.
//  2. The keys of an account are read when its client is made, and kept by that alone.
//  3. An account that lacks a setting is an error of its own: it keeps no other from being worked.
//
// Outside: which value a setting has for an account (package config), and how accounts are worked side by side (package service).
package accounts
