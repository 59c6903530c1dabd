// cli/main/main.cpp: the program `holdfast`. What it does is in cli/program.h.
#include "cli/program.h"

int main(int argc, char** argv) { return holdfast::cli::run(argc, argv); }
