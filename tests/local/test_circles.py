"""The search for import circles, on small made-up crates."""

import pytest
from hooklane_local.circles import Allowed, Finding, find_circles, require_no_circles
from hooklane_local.progress import Failure
from hooklane_local.rust_source import read_crate, tokens_of


@pytest.fixture
def crate(tmp_path):
    """`crate({file: source, …}, allowed)`: the findings for a workspace with this one crate, `made-up`."""

    def write(files: dict[str, str], allowed: tuple[Allowed, ...] = ()) -> list[Finding]:
        folder = tmp_path / "shared" / "made-up"
        for name, source in {"Cargo.toml": '[package]\nname = "made-up"\n', **files}.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source)
        return find_circles(tmp_path, allowed)

    return write


def texts(findings: list[Finding]) -> list[str]:
    return [finding.text for finding in findings]


def test_arrows_in_one_direction_are_no_circle(crate):
    assert crate({
        "src/lib.rs": "mod a;\nmod b;\nmod c;",
        "src/a.rs": "use crate::b::B;\nuse crate::c::C;",
        "src/b.rs": "use crate::c::C;\npub struct B;",
        "src/c.rs": "pub struct C;",
    }) == []


def test_a_circle_is_named_with_its_items_and_places(crate):
    (finding,) = crate({
        "src/lib.rs": "mod a;\nmod b;\nmod c;",
        "src/a.rs": "use crate::b::B;\npub struct A;",
        "src/b.rs": "use super::c::{C, D as Other};\npub struct B;",
        "src/c.rs": "pub struct C;\npub struct D;\nfn f() { crate::a::A; }",
    })

    assert finding.text == "made-up: a -> b (B) -> c (C, D) -> a (A)"
    assert finding.places == (
        "shared/made-up/src/a.rs:1 uses b::B",
        "shared/made-up/src/b.rs:1 uses c::C",
        "shared/made-up/src/b.rs:1 uses c::D",
        "shared/made-up/src/c.rs:3 uses a::A",
    )


@pytest.mark.parametrize(
    "code",
    [
        "use crate::b::B;",
        "use crate::{b::{self, B}, other};",
        "pub(crate) use super::b::B as Renamed;",
        "use crate::b::*;\nfn f(_: B) {}",
        "use crate::b;\nfn f() { b::B; }",
        "fn f() { crate::b::B::<u8>::new() }",
        "fn f() { let x = 0..super::b::B; }",
        "fn f() { use crate::b::B; }",
        "macro_rules! m { () => { $crate::b::B } }",
        "#[serde(with = \"super::b::B\")]\nstruct S;",
        "use crate::re_exported::B;",
        "mod inner {\n    use super::super::b::B;\n}",
        "#[cfg(any(test, feature = \"fakes\"))]\nuse crate::b::B;",
    ],
)
def test_every_kind_of_import_is_seen(crate, code):
    findings = crate({
        "src/lib.rs": "mod a;\nmod b;\nmod re_exported { pub use super::b::*; }\nmod other;",
        "src/other.rs": "",
        "src/a.rs": f"pub struct A;\n{code}",
        "src/b.rs": "use super::a::A;\npub struct B;",
    })
    # An import of the module itself is named too.
    assert [text.replace("(b, B)", "(B)") for text in texts(findings)] == ["made-up: a -> b (B) -> a (A)"]


@pytest.mark.parametrize(
    "code",
    [
        "// use crate::b::B;",
        "/* a comment /* inside */ another: use crate::b::B; */",
        "/// Like [`crate::b::B`].\nfn f() {}",
        "fn f() { \"see crate::b::B\"; r#\"use crate::b::B;\"#; }",
        "#[cfg(test)]\nmod tests { use crate::b::B; }",
        "#[cfg(test)]\nuse crate::{b::B};",
        "#[cfg(all(test, unix))]\n#[allow(x)]\npub fn f(_: crate::b::B) {}",
        "struct S {\n    #[cfg(test)]\n    b: crate::b::B,\n}",
        "pub(in crate::b) struct S;",
        "use ::b::B;",
        "fn f(x: X) { x.b::<B>() }",
        "use somewhere::b::B;",
        "fn f<'b>(b: &'b str) -> char { b::lifetime; 'b' }\nmod b { pub fn lifetime() {} }",
    ],
)
def test_what_only_looks_like_an_import_is_not_one(crate, code):
    assert crate({
        "src/lib.rs": "mod a;\nmod b;",
        "src/a.rs": f"pub struct A;\n{code}",
        "src/b.rs": "use super::a::A;\npub struct B;",
    }) == []


def test_the_imports_of_descendants_count_for_the_sibling_that_contains_them(crate):
    findings = crate({
        "src/lib.rs": "mod a;\nmod b;",
        "src/a.rs": "mod deep;\npub struct A;",
        "src/a/deep.rs": "mod deeper;",
        "src/a/deep/deeper.rs": "use crate::b::inner::B;",
        "src/b/mod.rs": "pub mod inner;",
        "src/b/inner.rs": "use crate::a::A;\npub struct B;",
    })
    assert texts(findings) == ["made-up: a -> b (B) -> a (A)"]


def test_siblings_below_the_root_form_no_circle_either(crate):
    findings = crate({
        "src/lib.rs": "mod room;",
        "src/room.rs": "mod one;\nmod other;",
        "src/room/one.rs": "use super::other::Other;\npub struct One;",
        "src/room/other.rs": "use super::one::One;\npub struct Other;",
    })
    assert texts(findings) == ["made-up: room::one -> room::other (Other) -> room::one (One)"]


def test_a_module_and_its_descendants_may_import_from_each_other(crate):
    assert crate({
        "src/lib.rs": "mod a;",
        "src/a.rs": "mod child;\nuse child::Child;\npub struct A;",
        "src/a/child.rs": "mod grandchild;\nuse super::A;\npub struct Child;",
        "src/a/child/grandchild.rs": "use crate::a::A;\nuse super::Child;",
    }) == []


def test_an_item_of_the_root_file_is_not_imported(crate):
    findings = crate({
        "src/lib.rs": "mod a;\npub struct Root;\nmacro_rules! made { () => {} }",
        "src/a.rs": "mod deep;\nmade!();",
        "src/a/deep.rs": "use crate::Root;",
    })
    assert texts(findings) == [
        "made-up: a -> lib.rs (made), the crate's root",
        "made-up: a::deep -> lib.rs (Root), the crate's root",
    ]
    assert findings[1].places == ("shared/made-up/src/a/deep.rs:1 uses Root",)


def test_what_the_root_file_only_re_exports_may_be_imported(crate):
    assert crate({
        "src/lib.rs": "mod a;\nmod b;\npub use b::B;\npub use serde::Serialize;",
        "src/a.rs": "use crate::{B, Serialize};",
        "src/b.rs": "pub struct B;",
    }) == []


def test_each_target_of_a_crate_is_a_tree_of_its_own(crate):
    one, other = "use crate::other::Other;\npub struct One;", "use crate::one::One;\npub struct Other;"
    findings = crate({
        "Cargo.toml": '[package]\nname = "made-up"\n[[test]]\nname = "special"\npath = "special.rs"\n',
        "src/main.rs": "mod fine;",
        "src/fine.rs": "",
        "tests/slow.rs": "mod place;",
        "tests/place/mod.rs": "mod one;\nmod other;",
        "tests/place/one.rs": one.replace("crate", "super"),
        "tests/place/other.rs": other.replace("crate", "super"),
        "special.rs": "mod one;\nmod other;",
        "one.rs": one,
        "other.rs": other,
    })
    assert texts(findings) == [
        "made-up: one -> other (Other) -> one (One)",
        "made-up: place::one -> place::other (Other) -> place::one (One)",
    ]


RECURSIVE = {
    "src/lib.rs": "mod list;\nmod tree;",
    "src/list.rs": "use crate::tree::Tree;\npub struct List(Vec<Tree>);",
    "src/tree.rs": "use crate::list::List;\npub struct Tree(List);",
}
EXCEPTION = Allowed("made-up", ("list", "tree"), "a tree is a list of trees")


def test_recursive_data_is_an_exception(crate):
    assert len(crate(RECURSIVE)) == 1
    assert crate(RECURSIVE, (EXCEPTION,)) == []


def test_an_exception_hides_no_circle_through_a_third_module(crate):
    files = {
        **RECURSIVE,
        "src/lib.rs": "mod list;\nmod tree;\nmod third;",
        "src/tree.rs": "use crate::list::List;\nuse crate::third::Third;\npub struct Tree(List);",
        "src/third.rs": "use crate::list::List;\npub struct Third;",
    }
    assert texts(crate(files, (EXCEPTION,))) == ["made-up: list -> third (Third) -> list (List)"]


def test_an_exception_that_is_not_needed_is_a_finding(crate):
    files = {**RECURSIVE, "src/list.rs": "pub struct List;"}
    assert texts(crate(files, (EXCEPTION,))) == ["made-up: list and tree no longer need their exception"]


def test_the_check_prints_its_findings_and_fails(crate, tmp_path, capsys):
    crate(RECURSIVE)

    with pytest.raises(Failure, match="import circles found: 1"):
        require_no_circles(tmp_path)

    assert capsys.readouterr().out.startswith("made-up: list -> tree (Tree) -> list (List)\n    shared/made-up/")


def test_modules_are_found_in_both_file_layouts_and_inline(tmp_path):
    for name, source in {
        "lib.rs": "mod a;\nmod b;\nmod c { pub mod d; }",
        "a.rs": "mod x;",
        "a/x.rs": "",
        "b/mod.rs": "mod y;",
        "b/y.rs": "",
        "c/d.rs": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)

    modules = read_crate(tmp_path / "lib.rs").all()

    assert {"::".join(module.path): module.file.relative_to(tmp_path).as_posix() for module in modules} == {
        "": "lib.rs",
        "a": "a.rs",
        "a::x": "a/x.rs",
        "b": "b/mod.rs",
        "b::y": "b/y.rs",
        "c": "lib.rs",
        "c::d": "c/d.rs",
    }


def test_characters_and_lifetimes_are_told_apart():
    source = r"""fn f<'a>(x: &'a str) { ('"', '\'', b'\\', '\u{1F600}', 'a'); "\"/*"; r#type }"""
    words = [token.text for token in tokens_of(source) if token.is_word]
    assert words == ["fn", "f", "x", "str", "type"]
