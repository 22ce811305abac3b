package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestTheArrowsPointOneWay holds the architecture: which package may import which.
func TestTheArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	const module = "github.com/guestpad/guestpad"
	allowed := map[string][]string{
		"":                     {"/db", "/handlers", "/handlers/fakegithub", "/handlers/metrics", "/handlers/operator", "/handlers/secrets"},
		"/handlers":            {"/db", "/handlers/metrics", "/handlers/secrets", "/static", "/views", "/views/markdown"},
		"/handlers/fakegithub": {},
		"/handlers/metrics":    {},
		"/handlers/operator":   {"/db", "/handlers/secrets"},
		"/handlers/secrets":    {},
		"/db":                  {"/migrations"},
		"/views":               {},
		"/views/markdown":      {},
		"/static":              {},
		"/migrations":          {},
	}
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); seen++ {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); err != nil {
			t.Fatal(err)
		}
		from := strings.TrimPrefix(pkg.ImportPath, module)
		to, isKnown := allowed[from]
		if !isKnown {
			t.Errorf("package %s has no place in the architecture", pkg.ImportPath)
		}
		for _, imported := range pkg.Imports {
			if ours, is := strings.CutPrefix(imported, module); is && !slices.Contains(to, ours) {
				t.Errorf("%s must not import %s", pkg.ImportPath, imported)
			}
			if from == "/views" && (imported == "database/sql" || imported == "net/http") {
				t.Errorf("views must not import %s", imported)
			}
		}
	}
	if seen != len(allowed) {
		t.Errorf("%d packages, want %d", seen, len(allowed))
	}
}
