// fhir/ucum_table.h: the units and prefixes that fhir/ucum.h knows, as data. Inside src/fhir only.
// Figures from https://ucum.org/ucum, worked out to base units by hand where they are exact.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace holdfast::fhir {

struct UnitRow {
  std::string_view code;
  bool takes_prefix;
  std::string_view numerator;
  std::string_view denominator;             ///< empty is 1
  std::array<std::int8_t, 7> dimensions{};  ///< m s g rad K C cd
  std::string_view offset{};
};

inline constexpr std::string_view pi = "3.141592653589793238462643383279502884197169";

// clang-format off
inline constexpr UnitRow unit_rows[] = {
  // base units
  {"m", true, "1", "", {1}}, {"s", true, "1", "", {0, 1}}, {"g", true, "1", "", {0, 0, 1}},
  {"rad", true, "1", "", {0, 0, 0, 1}}, {"K", true, "1", "", {0, 0, 0, 0, 1}},
  {"C", true, "1", "", {0, 0, 0, 0, 0, 1}}, {"cd", true, "1", "", {0, 0, 0, 0, 0, 0, 1}},
  // numbers
  {"10*", false, "10", "", {}}, {"10^", false, "10", "", {}}, {"[pi]", false, pi, "", {}},
  {"%", false, "1", "100", {}}, {"[ppth]", false, "1e-3", "", {}}, {"[ppm]", false, "1e-6", "", {}},
  {"[ppb]", false, "1e-9", "", {}}, {"[pptr]", false, "1e-12", "", {}},
  {"mol", true, "6.0221367e23", "", {}}, {"eq", true, "6.0221367e23", "", {}},
  {"osm", true, "6.0221367e23", "", {}}, {"[HPF]", false, "1", "", {}}, {"[LPF]", false, "100", "", {}},
  {"[CFU]", false, "1", "", {}}, {"[car_Au]", false, "1", "24", {}},
  {"bit", true, "1", "", {}}, {"By", true, "8", "", {}},
  // SI
  {"sr", true, "1", "", {0, 0, 0, 2}}, {"Hz", true, "1", "", {0, -1}},
  {"N", true, "1000", "", {1, -2, 1}}, {"Pa", true, "1000", "", {-1, -2, 1}},
  {"J", true, "1000", "", {2, -2, 1}}, {"W", true, "1000", "", {2, -3, 1}},
  {"A", true, "1", "", {0, -1, 0, 0, 0, 1}}, {"V", true, "1000", "", {2, -2, 1, 0, 0, -1}},
  {"F", true, "1", "1000", {-2, 2, -1, 0, 0, 2}}, {"Ohm", true, "1000", "", {2, -1, 1, 0, 0, -2}},
  {"S", true, "1", "1000", {-2, 1, -1, 0, 0, 2}}, {"mho", true, "1", "1000", {-2, 1, -1, 0, 0, 2}},
  {"Wb", true, "1000", "", {2, -1, 1, 0, 0, -1}}, {"T", true, "1000", "", {0, -1, 1, 0, 0, -1}},
  {"H", true, "1000", "", {2, 0, 1, 0, 0, -2}}, {"lm", true, "1", "", {0, 0, 0, 2, 0, 0, 1}},
  {"lx", true, "1", "", {-2, 0, 0, 2, 0, 0, 1}}, {"Bq", true, "1", "", {0, -1}},
  {"Gy", true, "1", "", {2, -2}}, {"Sv", true, "1", "", {2, -2}},
  {"kat", true, "6.0221367e23", "", {0, -1}}, {"U", true, "6.0221367e17", "60", {0, -1}},
  {"l", true, "0.001", "", {3}}, {"L", true, "0.001", "", {3}}, {"ar", true, "100", "", {2}},
  {"t", true, "1e6", "", {0, 0, 1}}, {"bar", true, "1e8", "", {-1, -2, 1}},
  {"u", true, "1.6605402e-24", "", {0, 0, 1}}, {"Da", true, "1.6605402e-24", "", {0, 0, 1}},
  {"eV", true, "1.60217733e-16", "", {2, -2, 1}},
  {"g%", true, "10000", "", {-3, 0, 1}},
  // time
  {"min", false, "60", "", {0, 1}}, {"h", false, "3600", "", {0, 1}}, {"d", false, "86400", "", {0, 1}},
  {"wk", false, "604800", "", {0, 1}}, {"mo", false, "2629800", "", {0, 1}},
  {"mo_j", false, "2629800", "", {0, 1}}, {"mo_s", false, "2551442.976", "", {0, 1}},
  {"mo_g", false, "2629746", "", {0, 1}}, {"a", false, "31557600", "", {0, 1}},
  {"a_j", false, "31557600", "", {0, 1}}, {"a_t", false, "31556925.216", "", {0, 1}},
  {"a_g", false, "31556952", "", {0, 1}}, {"[S]", false, "1e-13", "", {0, 1}},
  // angles
  {"deg", false, pi, "180", {0, 0, 0, 1}}, {"gon", false, pi, "200", {0, 0, 0, 1}},
  {"'", false, pi, "10800", {0, 0, 0, 1}}, {"''", false, pi, "648000", {0, 0, 0, 1}},
  // temperature
  {"Cel", false, "1", "", {0, 0, 0, 0, 1}, "273.15"},
  {"[degF]", false, "5", "9", {0, 0, 0, 0, 1}, "459.67"}, {"[degR]", false, "5", "9", {0, 0, 0, 0, 1}},
  // pressure
  {"m[Hg]", true, "133322000", "", {-1, -2, 1}}, {"m[H2O]", true, "9806650", "", {-1, -2, 1}},
  {"[in_i'Hg]", false, "3386378.8", "", {-1, -2, 1}}, {"[in_i'H2O]", false, "249088.91", "", {-1, -2, 1}},
  {"atm", false, "101325000", "", {-1, -2, 1}}, {"att", false, "98066500", "", {-1, -2, 1}},
  {"[psi]", false, "4448.2216152605", "0.00064516", {-1, -2, 1}},
  // energy, force, radiation, older units
  {"cal", true, "4184", "", {2, -2, 1}}, {"cal_[15]", true, "4185.8", "", {2, -2, 1}},
  {"cal_[20]", true, "4181.9", "", {2, -2, 1}}, {"cal_m", true, "4190.02", "", {2, -2, 1}},
  {"cal_IT", true, "4186.8", "", {2, -2, 1}}, {"cal_th", true, "4184", "", {2, -2, 1}},
  {"[Cal]", false, "4184000", "", {2, -2, 1}}, {"[Btu]", false, "1055055.85262", "", {2, -2, 1}},
  {"dyn", true, "0.01", "", {1, -2, 1}}, {"erg", true, "1e-4", "", {2, -2, 1}},
  {"gf", true, "9.80665", "", {1, -2, 1}}, {"[lbf_av]", false, "4448.2216152605", "", {1, -2, 1}},
  {"P", true, "100", "", {-1, -1, 1}}, {"St", true, "1e-4", "", {2, -1}},
  {"Ci", true, "3.7e10", "", {0, -1}}, {"R", true, "2.58e-7", "", {0, 0, -1, 0, 0, 1}},
  {"RAD", true, "0.01", "", {2, -2}}, {"REM", true, "0.01", "", {2, -2}}, {"[RAD]", true, "0.01", "", {2, -2}},
  {"[REM]", true, "0.01", "", {2, -2}}, {"G", true, "0.1", "", {0, -1, 1, 0, 0, -1}},
  {"Ky", true, "100", "", {-1}}, {"Gal", true, "0.01", "", {1, -2}}, {"[g]", true, "9.80665", "", {1, -2}},
  {"[c]", true, "299792458", "", {1, -1}}, {"[e]", true, "1.60217733e-19", "", {0, 0, 0, 0, 0, 1}},
  {"Ao", false, "1e-10", "", {1}}, {"b", false, "1e-28", "", {2}}, {"AU", false, "149597870691", "", {1}},
  {"pc", true, "3.085678e16", "", {1}}, {"[ly]", true, "9460730472580800", "", {1}},
  {"tex", true, "0.001", "", {-1, 0, 1}}, {"[HP]", false, "745699.87158227022", "", {2, -3, 1}},
  // international customary lengths, areas, volumes
  {"[in_i]", false, "0.0254", "", {1}}, {"[ft_i]", false, "0.3048", "", {1}},
  {"[yd_i]", false, "0.9144", "", {1}}, {"[mi_i]", false, "1609.344", "", {1}},
  {"[fth_i]", false, "1.8288", "", {1}}, {"[nmi_i]", false, "1852", "", {1}},
  {"[kn_i]", false, "1852", "3600", {1, -1}}, {"[mil_i]", false, "2.54e-5", "", {1}},
  {"[hd_i]", false, "0.1016", "", {1}}, {"[sin_i]", false, "0.00064516", "", {2}},
  {"[sft_i]", false, "0.09290304", "", {2}}, {"[syd_i]", false, "0.83612736", "", {2}},
  {"[cin_i]", false, "1.6387064e-5", "", {3}}, {"[cft_i]", false, "0.028316846592", "", {3}},
  {"[cyd_i]", false, "0.764554857984", "", {3}}, {"[ft_us]", false, "1200", "3937", {1}},
  {"[yd_us]", false, "3600", "3937", {1}}, {"[in_us]", false, "100", "3937", {1}},
  {"[mi_us]", false, "6336000", "3937", {1}}, {"[Ch]", false, "0.001", "3", {1}},
  {"[gal_us]", false, "0.003785411784", "", {3}}, {"[qt_us]", false, "0.000946352946", "", {3}},
  {"[pt_us]", false, "0.000473176473", "", {3}}, {"[gil_us]", false, "0.00011829411825", "", {3}},
  {"[foz_us]", false, "2.95735295625e-5", "", {3}}, {"[fdr_us]", false, "3.6966911953125e-6", "", {3}},
  {"[tbs_us]", false, "1.478676478125e-5", "", {3}}, {"[tsp_us]", false, "4.92892159375e-6", "", {3}},
  {"[cup_us]", false, "0.0002365882365", "", {3}}, {"[foz_m]", false, "3e-5", "", {3}},
  {"[cup_m]", false, "0.00024", "", {3}}, {"[tsp_m]", false, "5e-6", "", {3}},
  {"[tbs_m]", false, "1.5e-5", "", {3}}, {"[gal_br]", false, "0.00454609", "", {3}},
  {"[qt_br]", false, "0.0011365225", "", {3}}, {"[pt_br]", false, "0.00056826125", "", {3}},
  {"[gil_br]", false, "0.0001420653125", "", {3}}, {"[foz_br]", false, "2.84130625e-5", "", {3}},
  {"[drp]", false, "5e-8", "", {3}},
  // masses
  {"[gr]", false, "0.06479891", "", {0, 0, 1}}, {"[lb_av]", false, "453.59237", "", {0, 0, 1}},
  {"[oz_av]", false, "28.349523125", "", {0, 0, 1}}, {"[dr_av]", false, "1.7718451953125", "", {0, 0, 1}},
  {"[stone_av]", false, "6350.29318", "", {0, 0, 1}}, {"[scwt_av]", false, "45359.237", "", {0, 0, 1}},
  {"[lcwt_av]", false, "50802.34544", "", {0, 0, 1}}, {"[ston_av]", false, "907184.74", "", {0, 0, 1}},
  {"[lton_av]", false, "1016046.9088", "", {0, 0, 1}}, {"[pwt_tr]", false, "1.55517384", "", {0, 0, 1}},
  {"[oz_tr]", false, "31.1034768", "", {0, 0, 1}}, {"[lb_tr]", false, "373.2417216", "", {0, 0, 1}},
  {"[sc_ap]", false, "1.2959782", "", {0, 0, 1}}, {"[dr_ap]", false, "3.8879346", "", {0, 0, 1}},
  {"[oz_ap]", false, "31.1034768", "", {0, 0, 1}}, {"[lb_ap]", false, "373.2417216", "", {0, 0, 1}},
  {"[oz_m]", false, "28", "", {0, 0, 1}}, {"[car_m]", false, "0.2", "", {0, 0, 1}},
  // clinical
  {"[diop]", false, "1", "", {-1}}, {"[MET]", false, "3.5e-9", "60", {3, -1, -1}},
  {"[PRU]", false, "133322e6", "", {-4, -1, 1}}, {"[wood'U]", false, "7999320000", "", {-4, -1, 1}},
  {"[mesh_i]", false, "1", "0.0254", {-1}},
};
// clang-format on

/// Units that are defined by the procedure that measures them: each is comparable with itself only.
struct OwnUnit {
  std::string_view code;
  bool takes_prefix;
};
inline constexpr OwnUnit own_units[] = {
    {"[iU]", true},         {"[IU]", true},         {"[arb'U]", false},   {"[USP'U]", false},
    {"[GPL'U]", false},     {"[MPL'U]", false},     {"[APL'U]", false},   {"[beth'U]", false},
    {"[anti'Xa'U]", false}, {"[todd'U]", false},    {"[dye'U]", false},   {"[smgy'U]", false},
    {"[bdsk'U]", false},    {"[ka'U]", false},      {"[knk'U]", false},   {"[mclg'U]", false},
    {"[tb'U]", false},      {"[CCID_50]", false},   {"[TCID_50]", false}, {"[EID_50]", false},
    {"[PFU]", false},       {"[FFU]", false},       {"[IR]", false},      {"[BAU]", false},
    {"[AU]", false},        {"[Amb'a'1'U]", false}, {"[PNU]", false},     {"[Lf]", false},
    {"[D'ag'U]", false},    {"[FEU]", false},       {"[ELU]", false},     {"[EU]", false},
    {"[hnsf'U]", false},    {"[acet'U]", false},    {"[BBDR'U]", false},
};

struct PrefixRow {
  std::string_view code;
  std::string_view factor;
};
inline constexpr PrefixRow prefix_rows[] = {
    {"Y", "1e24"},  {"Z", "1e21"},     {"E", "1e18"},        {"P", "1e15"},
    {"T", "1e12"},  {"G", "1e9"},      {"M", "1e6"},         {"k", "1e3"},
    {"h", "1e2"},   {"da", "1e1"},     {"d", "1e-1"},        {"c", "1e-2"},
    {"m", "1e-3"},  {"u", "1e-6"},     {"n", "1e-9"},        {"p", "1e-12"},
    {"f", "1e-15"}, {"a", "1e-18"},    {"z", "1e-21"},       {"y", "1e-24"},
    {"Ki", "1024"}, {"Mi", "1048576"}, {"Gi", "1073741824"}, {"Ti", "1099511627776"},
};

}  // namespace holdfast::fhir
