from hooklane_local.bench import page

page.PAGE.write_text(page.current())
