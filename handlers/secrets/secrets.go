// Package secrets keeps what signs and encrypts the cookies, in a file in the data folder.
// The first start makes the file; rotating puts a new secret in front.
package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// MinBytes is how long a secret must be.
	MinBytes = 32
	// Kept is how many secrets a file keeps when it is rotated.
	Kept = 5
)

// File is where the secrets of a data folder are.
func File(data string) string { return filepath.Join(data, "guestpad.secrets") }

// Load reads the secrets of a data folder, newest first, and generates one when there is
// no file.
func Load(data string) ([][]byte, error) {
	path := File(data)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = generate(path)
	}
	if err != nil {
		return nil, err
	}
	list, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// Parse reads secrets in base64, separated by commas.
func Parse(list string) ([][]byte, error) {
	var parsed [][]byte
	for i, text := range strings.Split(strings.TrimSpace(list), ",") {
		secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("secret %d is not base64; make one with: openssl rand -base64 32", i+1)
		}
		if len(secret) < MinBytes {
			return nil, fmt.Errorf("secret %d has %d bytes; want at least %d; make one with: openssl rand -base64 32", i+1, len(secret), MinBytes)
		}
		parsed = append(parsed, secret)
	}
	return parsed, nil
}

// generate makes the file, complete or not at all. When another process makes it at the
// same time, the first one's counts for both.
func generate(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	draft, err := writeDraft(path, [][]byte{random()})
	if err != nil {
		return nil, err
	}
	defer os.Remove(draft)
	if err := os.Link(draft, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// Rotate puts a new secret in front of those of a data folder and drops what is more than
// Kept. At every moment the file is complete. A dry run counts and changes nothing. The
// error is fs.ErrNotExist when there is no file.
func Rotate(data string, dryRun bool) (kept, dropped int, err error) {
	path := File(data)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	list, err := Parse(string(text))
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	list = append([][]byte{random()}, list...)
	kept = min(len(list), Kept)
	dropped = len(list) - kept
	if dryRun {
		return kept, dropped, nil
	}
	draft, err := writeDraft(path, list[:kept])
	if err != nil {
		return 0, 0, err
	}
	defer os.Remove(draft) // unless it has the name by then
	return kept, dropped, os.Rename(draft, path)
}

func random() []byte {
	secret := make([]byte, MinBytes)
	_, _ = rand.Read(secret) // never fails (Go 1.24)
	return secret
}

// writeDraft writes a file beside path, for its owner alone.
func writeDraft(path string, list [][]byte) (draft string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return "", err
	}
	texts := make([]string, len(list))
	for i, secret := range list {
		texts[i] = base64.StdEncoding.EncodeToString(secret)
	}
	_, err = f.WriteString(strings.Join(texts, ",") + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
