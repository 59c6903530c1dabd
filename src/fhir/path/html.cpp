#include "fhir/path/html.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "fhir/path/letters.h"

namespace holdfast::fhir::path {
namespace {

// Chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, a and img.
constexpr std::string_view elements[] = {
    "a",  "abbr",    "acronym", "address", "area",   "b",        "bdo", "big",   "blockquote",
    "br", "caption", "cite",    "code",    "col",    "colgroup", "dd",  "dfn",   "div",
    "dl", "dt",      "em",      "h1",      "h2",     "h3",       "h4",  "h5",    "h6",
    "hr", "i",       "img",     "kbd",     "li",     "map",      "ol",  "p",     "pre",
    "q",  "samp",    "small",   "span",    "strong", "sub",      "sup", "table", "tbody",
    "td", "tfoot",   "th",      "thead",   "tr",     "tt",       "ul",  "var"};
constexpr std::string_view anywhere[] = {
    "title",   "style",     "class",    "id",      "idref", "lang",    "xml:lang", "xml:space",
    "dir",     "accesskey", "tabindex", "span",    "width", "align",   "valign",   "char",
    "charoff", "abbr",      "axis",     "headers", "scope", "rowspan", "colspan"};
constexpr std::string_view on_element[] = {"a.href",
                                           "a.name",
                                           "a.charset",
                                           "a.type",
                                           "a.hreflang",
                                           "a.rel",
                                           "a.rev",
                                           "a.shape",
                                           "a.coords",
                                           "img.src",
                                           "img.alt",
                                           "img.border",
                                           "img.longdesc",
                                           "img.height",
                                           "img.usemap",
                                           "img.ismap",
                                           "map.name",
                                           "area.shape",
                                           "area.coords",
                                           "area.href",
                                           "area.nohref",
                                           "area.alt",
                                           "blockquote.cite",
                                           "q.cite",
                                           "table.summary",
                                           "table.border",
                                           "table.frame",
                                           "table.rules",
                                           "table.cellspacing",
                                           "table.cellpadding",
                                           "pre.space",
                                           "td.nowrap",
                                           "th.nowrap",
                                           "hr.size",
                                           "ol.start",
                                           "ol.type",
                                           "li.value",
                                           "ul.type",
                                           "br.clear"};
constexpr std::string_view xhtml = "http://www.w3.org/1999/xhtml";
constexpr std::size_t depth_max = 200;

template <std::size_t n>
bool is_in(const std::string_view (&list)[n], std::string_view word) {
  return std::ranges::find(list, word) != std::end(list);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
         c == '-' || c == '_' || c == '.';
}

/// The schemes that do not run what they name.
bool is_harmless(std::string_view url) {
  const std::string folded = lower(stripped(url));
  return !folded.starts_with("javascript:") && !folded.starts_with("vbscript:") &&
         !folded.starts_with("data:text/html");
}

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    skip_blanks();
    while (!fault_ && at_ < text_.size()) {
      if (text_[at_] == '<') {
        take_markup();
      } else {
        take_text();
      }
    }
    if (!fault_ && (!open_.empty() || !seen_root_)) {
      fault_ = open_.empty() ? std::string("has no div")
                             : fmt::format("does not close its {}", open_.back());
    }
    if (!fault_ && !has_content_) {
      fault_ = "has nothing to read in it";
    }
    return fault_;
  }

 private:
  void refuse(std::string why) { fault_ = std::move(why); }
  [[nodiscard]] bool begins(std::string_view word) const {
    return text_.substr(at_).starts_with(word);
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) {
      ++at_;
    }
  }
  std::string_view take_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  void take_text() {
    if (open_.empty() && !is_blank(text_[at_])) {
      return refuse("has text outside its div");
    }
    if (text_[at_] == '&') {
      return take_entity();
    }
    has_content_ = has_content_ || !is_blank(text_[at_]);
    ++at_;
  }

  void take_entity() {
    const std::size_t end = text_.find(';', at_);
    const std::string_view name =
        text_.substr(at_ + 1, end == std::string_view::npos ? 0 : end - at_ - 1);
    const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
      return is_name_char(c) || c == '#';
    });
    if (!plain) {
      return refuse("has an & that begins no entity");
    }
    has_content_ = has_content_ || name != "nbsp";
    at_ = end + 1;
  }

  void take_markup() {
    if (begins("<!--")) {
      const std::size_t end = text_.find("-->", at_ + 4);
      if (end == std::string_view::npos) {
        return refuse("has a comment without end");
      }
      at_ = end + 3;
    } else if (begins("</")) {
      take_closing();
    } else if (at_ + 1 < text_.size() && is_name_char(text_[at_ + 1])) {
      take_opening();
    } else {
      refuse("has markup that is neither an element nor a comment");
    }
  }

  void take_closing() {
    at_ += 2;
    const std::string_view name = take_name();
    skip_blanks();
    if (open_.empty() || open_.back() != name || !begins(">")) {
      return refuse(fmt::format("closes {} where it is not open", name));
    }
    ++at_;
    open_.pop_back();
  }

  void take_opening() {
    ++at_;
    const std::string_view name = take_name();
    if (open_.empty() && (seen_root_ || name != "div")) {
      return refuse("is not one div");
    }
    if (!is_in(elements, name)) {
      return refuse(fmt::format("has the element {}, which is not allowed there", name));
    }
    if (open_.size() == depth_max) {
      return refuse("is nested too deep");
    }
    bool has_space = false;
    skip_blanks();
    while (!fault_ && at_ < text_.size() && text_[at_] != '>' && text_[at_] != '/') {
      take_attribute(name, has_space);
      skip_blanks();
    }
    if (fault_) {
      return;
    }
    if (open_.empty() && !has_space) {
      return refuse(fmt::format("has no xmlns=\"{}\"", xhtml));
    }
    seen_root_ = true;
    has_content_ = has_content_ || name == "img";
    const bool closed = begins("/>");
    if (!closed && !begins(">")) {
      return refuse(fmt::format("has a {} that does not end", name));
    }
    at_ += closed ? 2 : 1;
    if (!closed) {
      open_.emplace_back(name);
    }
  }

  void take_attribute(std::string_view element, bool& has_space) {
    const std::string_view name = take_name();
    skip_blanks();
    if (name.empty() || !begins("=")) {
      return refuse(fmt::format("has an attribute of {} without value", element));
    }
    ++at_;
    skip_blanks();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    const std::size_t end =
        quote == '"' || quote == '\'' ? text_.find(quote, at_ + 1) : std::string_view::npos;
    if (end == std::string_view::npos) {
      return refuse(fmt::format("has an attribute {} without quotes", name));
    }
    const std::string_view value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (value.find('<') != std::string_view::npos) {
      return refuse(fmt::format("has a < in the attribute {}", name));
    }
    if (name == "xmlns" || name.starts_with("xmlns:")) {
      has_space = has_space || (name == "xmlns" && value == xhtml);
      if (name == "xmlns" && value != xhtml) {
        refuse(fmt::format("has the namespace {}", value));
      }
      return;
    }
    if (!is_in(anywhere, name) && !is_in(on_element, fmt::format("{}.{}", element, name))) {
      return refuse(
          fmt::format("has the attribute {} on {}, which is not allowed there", name, element));
    }
    if ((name == "href" || name == "src") && !is_harmless(value)) {
      refuse(fmt::format("has a {} that runs something", name));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string_view> open_;
  bool seen_root_ = false;
  bool has_content_ = false;
  std::optional<std::string> fault_;
};

}  // namespace

std::optional<std::string> find_narrative_fault(std::string_view div) { return Checker(div).run(); }

}  // namespace holdfast::fhir::path
