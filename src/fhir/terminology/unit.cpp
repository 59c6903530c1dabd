// fhir/terminology/unit.cpp: whether a text is a unit of UCUM: its grammar (https://ucum.org/ucum,
// section 9 and table 1 of version 2.1), with every prefix and every atom of its tables. Two
// liberties are taken, because the lists of units that R4 publishes take them: an annotation may
// hold spaces, and may follow a number or parentheses (/100{WBC}).
#include <algorithm>
#include <array>

#include "fhir/terminology/grammar.h"

namespace holdfast::fhir::terminology {
namespace {

// Codes of the case-sensitive variant, a space between: those that take a prefix, and the others.
constexpr std::string_view metric_atoms =
    "A B B[10.nV] B[SPL] B[V] B[W] B[kW] B[mV] B[uV] Bd Bi Bq By C Cel Ci F G Gal Gb Gy H Hz J "
    "K Ky L Lmb Mx N Np Oe Ohm P Pa R RAD REM S St Sv T U V W Wb [G] [IU] [c] [e] [eps_0] [g] "
    "[h] [iU] [k] [ly] [m_e] [m_p] [mu_0] ar bar bit cal cal_IT cal_[15] cal_[20] cal_m cal_th "
    "cd dyn eV eq erg g g% gf kat l lm lx m m[H2O] m[Hg] mho mol osm pc ph rad s sb sr st t "
    "tex u";
constexpr std::string_view other_atoms =
    "% %[slope] ' '' 10* 10^ AU Ao Torr [APL'U] [AU] [Amb'a'1'U] [BAU] [Btu] [Btu_39] [Btu_59] "
    "[Btu_60] [Btu_IT] [Btu_m] [Btu_th] [CCID_50] [CFU] [Cal] [Ch] [D'ag'U] [EID_50] [ELU] "
    "[EU] [FEU] [FFU] [GPL'U] [HPF] [HP] [IR] [LPF] [Lf] [MET] [MPL'U] [PFU] [PNU] [PRU] [S] "
    "[TCID_50] [USP'U] [acr_br] [acr_us] [anti'Xa'U] [arb'U] [bbl_us] [bdsk'U] [beth'U] [bf_i] "
    "[bu_br] [bu_us] [car_Au] [car_m] [cft_i] [ch_br] [ch_us] [cicero] [cin_i] [cml_i] [cr_i] "
    "[crd_us] [cup_m] [cup_us] [cyd_i] [degF] [degR] [degRe] [den] [didot] [diop] [dpt_us] "
    "[dqt_us] [dr_ap] [dr_av] [drp] [dye'U] [fdr_br] [fdr_us] [foz_br] [foz_m] [foz_us] "
    "[ft_br] [ft_i] [ft_us] [fth_br] [fth_i] [fth_us] [fur_us] [gal_br] [gal_us] [gal_wi] "
    "[gil_br] [gil_us] [gr] [hd_i] [hnsf'U] [hp'_C] [hp'_M] [hp'_Q] [hp'_X] [hp_C] [hp_M] "
    "[hp_Q] [hp_X] [in_br] [in_i'H2O] [in_i'Hg] [in_i] [in_us] [ka'U] [kn_br] [kn_i] [knk'U] "
    "[kp_C] [kp_M] [kp_Q] [kp_X] [lb_ap] [lb_av] [lb_tr] [lbf_av] [lcwt_av] [ligne] [lk_br] "
    "[lk_us] [lne] [lton_av] [m/s2/Hz^(1/2)] [mclg'U] [mesh_i] [mi_br] [mi_i] [mi_us] [mil_i] "
    "[mil_us] [min_br] [min_us] [nmi_br] [nmi_i] [oz_ap] [oz_av] [oz_m] [oz_tr] [p'diop] [pH] "
    "[pc_br] [pca] [pca_pr] [pi] [pied] [pk_br] [pk_us] [pnt] [pnt_pr] [pouce] [ppb] [ppm] "
    "[ppth] [pptr] [psi] [pt_br] [pt_us] [pwt_tr] [qt_br] [qt_us] [rch_us] [rd_br] [rd_us] "
    "[rlk_us] [sc_ap] [sct] [scwt_av] [sft_i] [sin_i] [smgy'U] [smi_us] [smoot] [srd_us] "
    "[ston_av] [stone_av] [syd_i] [tb'U] [tbs_m] [tbs_us] [todd'U] [tsp_m] [tsp_us] [twp] "
    "[wood'U] [yd_br] [yd_i] [yd_us] a a_g a_j a_t atm att b bit_s circ d deg gon h min mo "
    "mo_g mo_j mo_s sph wk";

constexpr std::array<std::string_view, 24> prefixes{"Y", "Z",  "E", "P", "T",  "G",  "M",  "k",
                                                    "h", "da", "d", "c", "m",  "u",  "n",  "p",
                                                    "f", "a",  "z", "y", "Ki", "Mi", "Gi", "Ti"};
// Parentheses inside each other.
constexpr unsigned nesting_max = 16;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_among(std::string_view list, std::string_view atom) {
  for (std::size_t at = list.find(atom); at != std::string_view::npos;
       at = list.find(atom, at + 1)) {
    const std::size_t end = at + atom.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) {
      return true;
    }
  }
  return false;
}

bool is_simple_unit(std::string_view text) {
  if (text.empty() || text.find(' ') != std::string_view::npos) {
    return false;
  }
  if (is_among(metric_atoms, text) || is_among(other_atoms, text)) {
    return true;
  }
  return std::any_of(prefixes.begin(), prefixes.end(), [text](std::string_view prefix) {
    return text.starts_with(prefix) && text.size() > prefix.size() &&
           is_among(metric_atoms, text.substr(prefix.size()));
  });
}

class UnitReader {
 public:
  explicit UnitReader(std::string_view text) : rest_(text) {}

  // main-term
  bool read() {
    if (rest_.starts_with('/')) {
      rest_.remove_prefix(1);
    }
    return read_term() && rest_.empty();
  }

 private:
  bool read_term() {
    while (read_component()) {
      if (!rest_.starts_with('.') && !rest_.starts_with('/')) {
        return true;
      }
      rest_.remove_prefix(1);
    }
    return false;
  }

  bool read_component() {
    if (rest_.starts_with('(')) {
      if (++nesting_ > nesting_max) {
        return false;
      }
      rest_.remove_prefix(1);
      const bool inside = read_term() && rest_.starts_with(')');
      rest_.remove_prefix(inside ? 1 : 0);
      --nesting_;
      return inside && (!rest_.starts_with('{') || read_annotation());
    }
    if (rest_.starts_with('{')) {
      return read_annotation();
    }
    const std::string_view symbol = take_symbol();
    if (!is_factor(symbol) && !is_annotatable(symbol)) {
      return false;
    }
    return !rest_.starts_with('{') || read_annotation();
  }

  bool read_annotation() {
    const std::size_t end = rest_.find('}');
    if (end == std::string_view::npos) {
      return false;
    }
    const std::string_view inside = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return std::all_of(inside.begin(), inside.end(),
                       [](char c) { return c >= ' ' && c <= '~' && c != '{'; });
  }

  // Up to an operator, a parenthesis or an annotation; what is in brackets belongs to the symbol.
  std::string_view take_symbol() {
    std::size_t at = 0;
    while (at < rest_.size() &&
           std::string_view("./(){}").find(rest_[at]) == std::string_view::npos) {
      const std::size_t close = rest_[at] == '[' ? rest_.find(']', at) : std::string_view::npos;
      at = (close == std::string_view::npos ? at : close) + 1;
    }
    const std::string_view symbol = rest_.substr(0, at);
    rest_.remove_prefix(at);
    return symbol;
  }

  static bool is_factor(std::string_view symbol) {
    return !symbol.empty() && std::all_of(symbol.begin(), symbol.end(), is_digit);
  }

  // A unit, with an exponent or without.
  static bool is_annotatable(std::string_view symbol) {
    if (is_simple_unit(symbol)) {
      return true;
    }
    std::size_t end = symbol.size();
    while (end > 0 && is_digit(symbol[end - 1])) {
      --end;
    }
    if (end == symbol.size()) {
      return false;
    }
    if (end > 0 && (symbol[end - 1] == '-' || symbol[end - 1] == '+')) {
      --end;
    }
    return is_simple_unit(symbol.substr(0, end));
  }

  std::string_view rest_;
  unsigned nesting_ = 0;
};

}  // namespace

Fit fit_unit(std::string_view code) { return UnitReader(code).read() ? Fit::yes : Fit::no; }

}  // namespace holdfast::fhir::terminology
