package handlers

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/guestpad/guestpad/db"
)

// zipOf is a zip of files; a name that ends in a slash is a folder.
func zipOf(t testing.TB, files ...file) string {
	t.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for _, f := range files {
		header := zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if len(f.content) < 100 {
			header.Method = zip.Store // a compressor is large
		}
		entry, err := w.CreateHeader(&header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(entry, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

// rawZip is a zip whose headers say what they like.
func rawZip(t testing.TB, header zip.FileHeader, content string) string {
	t.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	header.CompressedSize64 = uint64(len(content))
	entry, err := w.CreateRaw(&header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(entry, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

func TestAZipIsUnpackedIntoNotes(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	archive := zipOf(t, file{"vault/", ""}, file{"vault/one.md", "# One"}, file{`vault\deep\two.txt`, "Two"}, file{"vault/photo.png", "x"},
		file{"__MACOSX/vault/._one.md", "unseen"}, file{"vault/.obsidian/notes.md", "unseen"}, file{".hidden.md", "unseen"}, file{"./three.md", "Three"})
	v.imports([]file{{"vault.ZIP", archive}, {"four.md", "Four"}}).must(t, 200).
		has(t, "4 notes came in.", ">One</a>", ">Two</a>", ">Three</a>", ">Four</a>", "1 file was not taken", "photo.png").
		hasNot(t, "unseen", "vault/", "_one.md", "obsidian")
	v.imports([]file{{"none.zip", zipOf(t)}, {"hidden.zip", zipOf(t, file{".a.md", "x"})}}).must(t, 422).has(t, "There are no files in this zip.")
}

func TestPathsInAZipLeadNowhere(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	v.imports([]file{{"a.zip", zipOf(t,
		file{"../../etc/up.md", "x"}, file{`..\..\windows.md`, "x"}, file{"a/../../climb.md", "x"}, file{"/etc/rooted.md", "Rooted"}, file{`C:\drive.md`, "Drive"},
		file{"<img src=x onerror=alert(1)>.exe", "x"}, file{"\u202etxt.exe", "x"}, file{"\xff\xfe.exe", "x"}, file{strings.Repeat("long", 1000) + ".exe", "x"})}}).must(t, 200).
		has(t, "2 notes came in.", ">Rooted</a>", ">Drive</a>", "up.md", "windows.md", "climb.md", "Its path leads out of the zip.").
		hasNot(t, "..", "etc", "\u202e", "\ufffd", strings.Repeat("long", 30))
	if a := v.imports([]file{{"a.zip", zipOf(t, file{"<img src=x onerror=alert(1)>.exe", "x"})}}); strings.Contains(a.body, "<img") {
		t.Error("a name is shown as HTML")
	}
}

func TestEachPartOfAZipThatIsNotTakenSaysWhy(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()
	text := "plain text"
	sum := crc32.ChecksumIEEE([]byte(text))
	good := zip.FileHeader{Name: "x.md", UncompressedSize64: uint64(len(text)), CRC32: sum}
	encrypted, packed, wrongSum, lying, vast := good, good, good, good, good
	encrypted.Flags = 1
	packed.Method = 14 // LZMA
	wrongSum.CRC32++
	lying.UncompressedSize64 = 3
	vast.UncompressedSize64 = 1 << 40
	for _, c := range []struct{ what, archive, why string }{
		{"encrypted", rawZip(t, encrypted, text), "This is encrypted."},
		{"LZMA", rawZip(t, packed, text), "packed in a way that Guestpad cannot read"},
		{"wrong sum", rawZip(t, wrongSum, text), "This file is damaged."},
		{"longer than it says", rawZip(t, lying, text), "This file is damaged."},
		{"says it is vast", rawZip(t, vast, text), "longer than the 512 KiB"},
		{"broken data", rawZip(t, zip.FileHeader{Name: "x.md", Method: zip.Deflate, UncompressedSize64: 10}, "\xff\xff\xff"), "This file is damaged."},
		{"not UTF-8", zipOf(t, file{"x.md", "\xff"}), "not UTF-8"},
		{"too long", zipOf(t, file{"x.md", strings.Repeat("x", db.MaxNoteBytes+1)}), "longer than the 512 KiB"},
		{"zip in zip", zipOf(t, file{"x.zip", zipOf(t, file{"x.md", text})}), "This is a zip in a zip."},
		{"cut off", zipOf(t, file{"x.md", text})[:60], "no zip, or it is damaged"},
		{"no zip", "PK\x03\x04" + strings.Repeat("x", 1000), "no zip, or it is damaged"},
	} {
		a := v.imports([]file{{"x.zip", c.archive}})
		if a.StatusCode != 422 {
			t.Errorf("%s: status %d", c.what, a.StatusCode)
		}
		a.has(t, c.why, "1 file was not taken")
	}
	v.imports([]file{{"x.zip", rawZip(t, good, text)}}).must(t, 200).has(t, ">plain text</a>")
}

func TestAZipBombIsNotOpened(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.newGuest()
	// Every part is a note that could be taken, and all of them are a thousand times the zip.
	var parts []file
	for i := range 40 {
		parts = append(parts, file{fmt.Sprint(i, ".md"), strings.Repeat("a", db.MaxNoteBytes)})
	}
	bomb := zipOf(t, parts...)
	var many []file
	for i := range maxFiles + 1 {
		many = append(many, file{fmt.Sprint(i, ".md"), "x"})
	}
	const whyBomb, whyMany = "unpack to far more than notes do", "more than 5,000 files"
	for what, c := range map[string]struct{ archive, why string }{
		"much from little":          {bomb, whyBomb},
		"many files":                {zipOf(t, many...), whyMany},
		"a long list of files":      {repeated(t, zipOf(t, file{strings.Repeat("n", 500) + ".md", "x"}), 60_000), whyMany},
		"files in the same place":   {repeated(t, zipOf(t, file{"x.md", noise(60_000)}), 20), whyBomb},
		"a list that does not hold": {lengthened(zipOf(t, file{"x.md", "x"}), 0xffff), "no zip, or it is damaged"},
	} {
		a := v.imports([]file{{"bomb.zip", c.archive}})
		if a.StatusCode != 422 {
			t.Errorf("%s: status %d", what, a.StatusCode)
		}
		a.has(t, c.why, "bomb.zip")
	}
	if n := s.rows(`SELECT count(*) FROM notes`); n != 0 {
		t.Errorf("%d notes came out of bombs", n)
	}
	// Others in the same upload come in.
	v.imports([]file{{"bomb.zip", bomb}, {"a.md", "A"}}).must(t, 200).has(t, ">A</a>", whyBomb)
	// Repetition alone is no bomb.
	v.imports([]file{{"dull.zip", zipOf(t, file{"a.md", strings.Repeat("a", db.MaxNoteBytes)})}}).must(t, 200).has(t, "1 note came in.")
}

// The end of a zip: a signature, then the number of files at 10, the length of their list
// at 12 and its place at 16.
const endOfZip = 22

// repeated is a zip of one file whose list names it many times.
func repeated(t testing.TB, archive string, times int) string {
	t.Helper()
	end := []byte(archive[len(archive)-endOfZip:])
	at := int(binary.LittleEndian.Uint32(end[16:]))
	list := archive[at : len(archive)-endOfZip]
	binary.LittleEndian.PutUint16(end[8:], uint16(times))
	binary.LittleEndian.PutUint16(end[10:], uint16(times))
	binary.LittleEndian.PutUint32(end[12:], uint32(times*len(list)))
	return archive[:at] + strings.Repeat(list, times) + string(end)
}

// lengthened is a zip that says that it holds more files than it does.
func lengthened(archive string, files uint16) string {
	end := []byte(archive[len(archive)-endOfZip:])
	binary.LittleEndian.PutUint16(end[8:], files)
	binary.LittleEndian.PutUint16(end[10:], files)
	return archive[:len(archive)-endOfZip] + string(end)
}
