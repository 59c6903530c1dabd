// search/test_order.h: for tests: `_sort`, beside the order of versions that it asks for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "search/test_questions.h"

namespace holdfast::search::test {

/// Values first, those without behind them; rows decide.
template <class Value>
std::function<bool(const Fact&, const Fact&)> order_by(Value value, bool descending) {
  return [=](const Fact& a, const Fact& b) {
    const auto of_a = value(a);
    const auto of_b = value(b);
    if (of_a != of_b) {
      if (!of_a || !of_b) {
        return of_a.has_value();
      }
      return descending ? *of_a > *of_b : *of_a < *of_b;
    }
    return descending ? a.row > b.row : a.row < b.row;
  };
}

/// By what several types have in common.
inline void ask_common_order(Question& question, std::mt19937_64& random) {
  const bool descending = random() % 2 == 0;
  const std::string sign = descending ? "-" : "";
  if (random() % 2 == 0) {
    question.query += "&_sort=" + sign + "_id";
    question.before = order_by([](const Fact& f) { return std::optional(f.id); }, descending);
    return;
  }
  question.query += "&_sort=" + sign + "identifier";
  question.before = order_by(
      [=](const Fact& f) {
        // A key has the beginning of a long text, and that it goes on.
        const auto in_key = [](const std::string& text) {
          return std::pair(text.substr(0, views::value_text_bytes_max),
                           text.size() > views::value_text_bytes_max);
        };
        using Key = decltype(std::pair(in_key(""), in_key("")));
        std::optional<Key> best;
        for (const auto& [system, value] : f.identifiers) {
          const Key one(in_key(value), in_key(system));
          const bool is_best = !best || (descending ? one > *best : one < *best);
          if (is_best && !(system.empty() && value.empty())) {
            best = one;
          }
        }
        return best;
      },
      descending);
}

inline void ask_order(Question& question, std::mt19937_64& random) {
  const bool descending = random() % 2 == 0;
  if (!question.scope.type && question.scope.patient.empty()) {
    ask_common_order(question, random);
    return;
  }
  std::string name = "_lastUpdated";
  switch (question.scope.type ? random() % 3 : 0) {
    case 1:
      name = question.scope.type == patient ? "birthdate" : "date";
      question.before = order_by(
          [](const Fact& f) {
            const auto at = when(f);
            return at ? std::optional(std::pair(at->from, at->until)) : std::nullopt;
          },
          descending);
      break;
    case 2:
      if (question.scope.type == patient) {
        name = "family";
        question.before = order_by(
            [=](const Fact& f) {
              std::optional<std::string> best;
              for (const std::string& family : f.families) {
                const std::string one = plain(family);
                if (!best || (descending ? one > *best : one < *best)) {
                  best = one;
                }
              }
              return best;
            },
            descending);
        break;
      }
      name = "code,-_lastUpdated";
      question.before = [](const Fact& a, const Fact& b) {
        const auto key = [](const Fact& f) {
          const std::size_t bar = f.code.find('|');
          return std::pair(f.code.substr(bar + 1), f.code.substr(0, bar));
        };
        return key(a) != key(b) ? key(a) < key(b) : a.row > b.row;
      };
      question.query += "&_sort=" + name;
      return;
    default:
      question.before = [=](const Fact& a, const Fact& b) {
        return descending ? a.row > b.row : a.row < b.row;
      };
  }
  question.query += std::string("&_sort=") + (descending ? "-" : "") + name;
}

}  // namespace holdfast::search::test
