package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"
)

// drops lets files fall onto the text, given as the JavaScript that makes them.
func (p *tab) drops(files string) {
	p.t.Helper()
	evaluate[bool](p, `(() => {
		const carried = new DataTransfer();
		for (const file of [`+files+`]) carried.items.add(file);
		const drop = new DragEvent('drop', {dataTransfer: carried, bubbles: true, cancelable: true});
		return !document.querySelector('#body').dispatchEvent(drop);
	})()`)
}

func TestBrowserDroppedFilesBecomeNotes(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo"))
	writer.open("/editor")
	writer.write(body, "typed before")
	writer.saved()
	writer.mark()
	writer.drops(`new File(['# First\n\none'], 'first.md'), new File(['x'], 'picture.png'), new File([new Uint8Array([255, 254])], 'broken.txt')`)
	writer.seesIn("import-status", "1 note came in")
	writer.seesIn("import-status", "picture.png")
	writer.seesIn("import-status", "not UTF-8")
	writer.seesIn("note-list", "First")
	writer.seesIn("note-list", "typed before")
	writer.valueOf(body, "typed before")
	evaluate[bool](writer, `(() => {
		window.progress = [];
		new MutationObserver(() => {
			const bar = document.getElementById('import-progress');
			if (bar?.checkVisibility()) window.progress.push(bar.value);
		}).observe(document.querySelector('main'), {attributes: true, childList: true, subtree: true});
		return true;
	})()`)
	writer.drops(`...Array.from({length: 250}, (_, i) => new File(['# Many ' + i], i + '.md'))`)
	writer.seesIn("import-status", "250 notes came in")
	progress := evaluate[[]float64](writer, "window.progress")
	isMoving := func(value float64) bool { return value > 0 && value < 1 }
	if !slices.IsSorted(progress) || !slices.ContainsFunc(progress, isMoving) {
		t.Errorf("the progress bar went %v", progress)
	}
	writer.staysMarked()
	writer.click(theButton("Close").in("import-status"))
	writer.hasNo(matching("#import-status"))

	// Text that is pasted is typed, and no file.
	writer.click(body)
	isLeftToTheBrowser := evaluate[bool](writer, `(() => {
		const carried = new DataTransfer();
		carried.setData('text/plain', 'pasted');
		return document.querySelector('#body').dispatchEvent(new ClipboardEvent('paste', {clipboardData: carried, bubbles: true, cancelable: true}));
	})()`)
	if !isLeftToTheBrowser {
		t.Error("text that is pasted is taken for a file")
	}
}

func TestBrowserWithoutJavaScriptFilesAreImported(t *testing.T) {
	t.Parallel()
	writer := visit(t, startProgram(t, "--demo")).withoutJavaScript()
	writer.tolerate("status of 422")
	writer.open("/editor")
	writer.click(theLink("Import"))
	writer.at("/import")
	writer.chooses(map[string]string{"letter.md": "# A letter\n\nDear reader", "notes.exe": "x"})
	writer.click(theButton("Import"))
	writer.sees("1 note came in")
	writer.sees("notes.exe")
	writer.click(theLink("A letter"))
	writer.valueOf(body, "# A letter\n\nDear reader")
}

// chooses puts files into the page's field for them.
func (p *tab) chooses(files map[string]string) {
	p.t.Helper()
	dir := p.t.TempDir()
	var paths []string
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			p.t.Fatal(err)
		}
		paths = append(paths, path)
	}
	p.until("the field for files", func(ctx context.Context) (bool, error) {
		_, object, err := p.find(ctx, matching("input[type=file]"))
		if err != nil || object == "" {
			return false, err
		}
		_, err = chromedp.Run(ctx, command(dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, ObjectID: object}))
		return err == nil, err
	})
}
