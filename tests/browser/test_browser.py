"""The browser itself: a test that finds no error in a page has to be one that would find it."""


def test_an_error_of_a_page_is_heard_once_and_a_pages_scheme_can_be_dark(page) -> None:
    script = "setTimeout(() => { document.title = 'late'; throw Error('wrong') }, 50)"
    page.open(f"data:text/html,<script>{script}</script>")
    assert page.wait("return document.title") == "late"
    (error,) = page.errors()
    assert "wrong" in error
    assert page.errors() == []
    assert not page.run("return matchMedia('(prefers-color-scheme: dark)').matches")
    page.dark()
    assert page.run("return matchMedia('(prefers-color-scheme: dark)').matches")
