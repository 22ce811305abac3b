package markdown

import (
	"strings"
	"testing"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	for text, html := range map[string]string{
		`[a](https://example.org/b?c=d&e=f)`:     `<a href="https://example.org/b?c=d&amp;e=f" ` + rel + `>a</a>`,
		`[a](HTTP://example.org "b \"c\" &lt;")`: `<a href="HTTP://example.org" title="b &quot;c&quot; &lt;" ` + rel + `>a</a>`,
		`[a](mailto:b@example.org)`:              `<a href="mailto:b@example.org" ` + rel + `>a</a>`,
		`[a](b/c)`:                               `<a href="b/c" ` + rel + `>a</a>`,
		`[a](/b#c)`:                              `<a href="/b#c" ` + rel + `>a</a>`,
		`[a](#b)`:                                `<a href="#b" ` + rel + `>a</a>`,
		`[a](//example.org)`:                     `<a href="//example.org" ` + rel + `>a</a>`,
		`[a](</b c>)`:                            `<a href="/b%20c" ` + rel + `>a</a>`,
		`[a](/ü&ouml;)`:                          `<a href="/%C3%BC%C3%B6" ` + rel + `>a</a>`,
		`[a](b:c)`:                               `a`,
		`[a](tel:1)`:                             `a`,
		`[a]()`:                                  `a`,
		`[a *b* [c](/d) e](/f)`:                  `[a <em>b</em> <a href="/d" ` + rel + `>c</a> e](/f)`,
		`[a <https://b.example> c](/d)`:          `<a href="/d" ` + rel + `>a https://b.example c</a>`,
		`[a https://b.example c](/d)`:            `<a href="/d" ` + rel + `>a https://b.example c</a>`,
		"[a][b] [b]\n\n[b]: /c 'd'":              `<a href="/c" title="d" ` + rel + `>a</a> <a href="/c" title="d" ` + rel + `>b</a>`,
		`<https://example.org/a\b&amp;c>`:        `<a href="https://example.org/a%5Cb&amp;amp;c" ` + rel + `>https://example.org/a\b&amp;amp;c</a>`,
		`<a@example.org>`:                        `<a href="mailto:a@example.org" ` + rel + `>a@example.org</a>`,
		`<tel:1>`:                                `tel:1`,
	} {
		want := `<p dir="auto">` + html + "</p>\n"
		if got := Render(text, Options{}).HTML; got != want {
			t.Errorf("%s is\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestAnAddressIsOfVisibleCharacters(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"/a b\"\\\x00\tc":  "/a%20b%22%5C%00%09c",
		" javascript:a":    "",
		"java\nscript:a":   "",
		"java%73cript:a":   "",
		"/\xff":            "", // what goldmark leaves as it is
		"data&colon;a":     "",
		"&#x6a;avascript:": "",
	} {
		if got := safeURL([]byte(address), false); got != want {
			t.Errorf("%q is %q, want %q", address, got, want)
		}
	}
}

func TestAddressesAreLinksWithoutMarks(t *testing.T) {
	t.Parallel()
	for text, html := range map[string]string{
		`see https://example.org/a_b_c.`: `see <a href="https://example.org/a_b_c" ` + rel + `>https://example.org/a_b_c</a>.`,
		`(http://localhost:8080/a(b))`:   `(<a href="http://localhost:8080/a(b)" ` + rel + `>http://localhost:8080/a(b)</a>)`,
		`**https://example.org**`:        `<strong><a href="https://example.org" ` + rel + `>https://example.org</a></strong>`,
		`https://de.example/Zürich, ja`:  `<a href="https://de.example/Z%C3%BCrich" ` + rel + `>https://de.example/Zürich</a>, ja`,
		`请看 https://example.org/a。谢谢`:    `请看 <a href="https://example.org/a" ` + rel + `>https://example.org/a</a>。谢谢`,
		`www.example.org?a=b&c`:          `<a href="http://www.example.org?a=b&amp;c" ` + rel + `>www.example.org?a=b&amp;c</a>`,
		`a@example.org`:                  `<a href="mailto:a@example.org" ` + rel + `>a@example.org</a>`,
		`https://example.org/<b>`:        `<a href="https://example.org/" ` + rel + `>https://example.org/</a>&lt;b&gt;`,
		"`https://example.org` www. http:// ftp://a.example www.a xhttps://a.example": "<code>https://example.org</code> www. http:// ftp://a.example www.a xhttps://a.example",
	} {
		want := `<p dir="auto">` + html + "</p>\n"
		if got := Render(text, Options{}).HTML; got != want {
			t.Errorf("%s is\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestImagesAreLinksUntilTheyAreShown(t *testing.T) {
	t.Parallel()
	const safe = ` loading="lazy" referrerpolicy="no-referrer">`
	for text, test := range map[string]struct {
		link, image string
		remote      int
	}{
		`![a *b*](https://img.example/c.png)`: {
			`<a class="image-link" href="https://img.example/c.png" ` + rel + `>Image: a b (img.example)</a>`,
			`<img src="https://img.example/c.png" alt="a b"` + safe, 1,
		},
		`![](//img.example:81/c.png 'd "e"')`: {
			`<a class="image-link" href="https://img.example:81/c.png" ` + rel + `>Image (img.example:81)</a>`,
			`<img src="https://img.example:81/c.png" alt="" title="d &quot;e&quot;"` + safe, 1,
		},
		`![a](http://img.example/b) ![c](http://img.example/d)`: {
			`<a class="image-link" href="http://img.example/b" ` + rel + `>Image: a (img.example)</a> ` +
				`<a class="image-link" href="http://img.example/d" ` + rel + `>Image: c (img.example)</a>`,
			`<img src="http://img.example/b" alt="a"` + safe + ` <img src="http://img.example/d" alt="c"` + safe, 2,
		},
		`[![a](https://img.example/b)](/c)`: {
			`<a href="/c" ` + rel + `>Image: a (img.example)</a>`,
			`<a href="/c" ` + rel + `><img src="https://img.example/b" alt="a"` + safe + `</a>`, 1,
		},
		`![a & "b"](data:image/png;base64,AAAA)`: {`a &amp; &quot;b&quot;`, `a &amp; &quot;b&quot;`, 0},
		`![a](<https://img.example/b c?d=e&f>)`: {
			`<a class="image-link" href="https://img.example/b%20c?d=e&amp;f" ` + rel + `>Image: a (img.example)</a>`,
			`<img src="https://img.example/b%20c?d=e&amp;f" alt="a"` + safe, 1,
		},
		`![a](mailto://img.example/b)`:            {`a`, `a`, 0},
		`![a](/logout) ![b](c.png) ![d](https:e)`: {`a b d`, `a b d`, 0},
		`![a ![b](https://img.example/c)](/d)`:    {`a b`, `a b`, 0},
	} {
		for shown, want := range map[bool]string{false: test.link, true: test.image} {
			got := Render(text, Options{Images: shown})
			if want := `<p dir="auto">` + want + "</p>\n"; got.HTML != want {
				t.Errorf("%s is\n%s\nwant\n%s", text, got.HTML, want)
			}
			if got.RemoteImages != test.remote {
				t.Errorf("%s has %d remote images", text, got.RemoteImages)
			}
			if !shown && strings.Contains(got.HTML, "<img") {
				t.Errorf("%s is shown", text)
			}
		}
	}
}
