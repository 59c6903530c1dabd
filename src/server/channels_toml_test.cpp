// [[channel]] of the configuration file: what each key sets, and what is said of each mistake
#include "server/channels_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/config.h"

namespace holdfast::server {
namespace {

using exchange::Channel;
using exchange::ChannelKind;
using exchange::OnRefusal;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* neighbours = R"(
[[neighbour]]
name = "gp"
senders = ["GPSYS"]
[[neighbour]]
name = "lab"
senders = ["LAB"]
)";

Result<Config> read(const std::string& text) {
  Origins origins;
  origins.file = "holdfast.toml";
  origins.file_text = neighbours + text;
  return read_config(origins);
}

constexpr const char* route = "[[channel.route]]\ntype = \"Patient\"\n";

/// One channel that lacks nothing, with these keys too.
Result<Channel> with(const std::string& keys) {
  auto config = read("[[channel]]\nname = \"out\"\nto = \"10.0.0.9:2576\"\n" + keys + "\n" + route);
  if (!config) {
    return fail(std::move(config).error());
  }
  return std::move(config->channels.at(0));
}
/// What is said of them.
std::string refusal(const std::string& keys) {
  const auto channel = with(keys);
  return channel ? "taken" : channel.error().what;
}
/// What is said of a file.
std::string refusal_of(const std::string& text) {
  const auto config = read(text);
  return config ? "taken" : config.error().what;
}

TEST(ChannelsToml, LittleIsNeededAndTheRestHasItsDefault) {
  const auto channel = with("");
  ASSERT_TRUE(channel) << channel.error().what;
  EXPECT_EQ(channel->name, "out");
  EXPECT_EQ(channel->to, "10.0.0.9:2576");
  EXPECT_EQ(channel->kind, ChannelKind::mllp);
  EXPECT_EQ(channel->lanes, 1U);
  EXPECT_EQ(channel->owner, "integration");
  EXPECT_EQ(channel->neighbour, "");
  EXPECT_EQ(channel->answer_time_max, seconds(30));
  EXPECT_EQ(channel->pause_min, seconds(1));
  EXPECT_EQ(channel->pause_max, seconds(60));
  EXPECT_EQ(channel->on_error, OnRefusal::hold);
  EXPECT_EQ(channel->on_reject, OnRefusal::hold);
  EXPECT_EQ(channel->envelope.version, "2.4");
  EXPECT_EQ(channel->envelope.processing, 'P');
  EXPECT_EQ(channel->routes.size(), 1U);
}

TEST(ChannelsToml, EveryKeySetsWhatItSays) {
  const auto channel = with(R"(
title = "The practice"
neighbour = "gp"
kind = "folder"
lanes = 8
owner = "gp-team"
sender = "HOLDFAST|RXH^1.2.3^ISO"
receiver = "GPSYS"
version = "2.5.1"
processing = "D"
charset = "8859/1"
zone = "Europe/London"
orders = "OML"
acknowledge = "enhanced"
answer_ms_max = 5000
pause_ms_min = 250
pause_ms_max = 9000
on_error = "retry"
on_reject = "skip")");
  ASSERT_TRUE(channel) << channel.error().what;
  EXPECT_EQ(channel->title, "The practice");
  EXPECT_EQ(channel->neighbour, "gp");
  EXPECT_EQ(channel->kind, ChannelKind::folder);
  EXPECT_EQ(channel->lanes, 8U);
  EXPECT_EQ(channel->owner, "gp-team");
  const hl7v2::Envelope& header = channel->envelope;
  EXPECT_EQ(header.sending_application, "HOLDFAST");
  EXPECT_EQ(header.sending_facility, "RXH^1.2.3^ISO");
  EXPECT_EQ(header.receiving_application, "GPSYS");
  EXPECT_EQ(header.receiving_facility, "");
  EXPECT_EQ(header.version, "2.5.1");
  EXPECT_EQ(header.processing, 'D');
  EXPECT_EQ(header.charset, hl7v2::Charset::latin_1);
  EXPECT_TRUE(header.zone.has_value());
  EXPECT_EQ(header.order, hl7v2::OrderMessage::oml);
  EXPECT_EQ(header.accept_ack, hl7v2::AckCondition::always);
  EXPECT_EQ(header.application_ack, hl7v2::AckCondition::always);
  EXPECT_EQ(channel->answer_time_max, seconds(5));
  EXPECT_EQ(channel->pause_min, milliseconds(250));
  EXPECT_EQ(channel->pause_max, seconds(9));
  EXPECT_EQ(channel->on_error, OnRefusal::retry);
  EXPECT_EQ(channel->on_reject, OnRefusal::skip);
}

TEST(ChannelsToml, EveryWordOfAKeyIsTaken) {
  const auto taken = [](const std::string& key, std::initializer_list<const char*> words) {
    for (const char* word : words) {
      EXPECT_EQ(refusal(key + " = \"" + word + "\""), "taken") << key << ' ' << word;
    }
  };
  taken("kind", {"mllp", "fhir", "folder"});
  taken("on_error", {"hold", "skip", "retry"});
  taken("on_reject", {"hold", "skip", "retry"});
  taken("version", {"2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8"});
  taken("processing", {"P", "T", "D"});
  taken("orders", {"ORM", "OML"});
  taken("acknowledge", {"original", "enhanced"});
  EXPECT_EQ(with("acknowledge = \"original\"")->envelope.accept_ack, hl7v2::AckCondition::unsaid);
}

TEST(ChannelsToml, RoutesAreOfResourcesOrOfMessages) {
  const auto config = read(R"(
[[channel]]
name = "out"
to = "10.0.0.9:2576"
[[channel.route]]
type = "DiagnosticReport"
when = "status = 'final'"
[[channel.route]]
message = "MSH-9.1 = 'ADT'"
from = ["lab", "gp"]
[[channel.route]]
type = "Patient"
)");
  ASSERT_TRUE(config) << config.error().what;
  const auto& routes = config->channels.at(0).routes;
  ASSERT_EQ(routes.size(), 3U);
  EXPECT_EQ(routes[0].type, "DiagnosticReport");
  EXPECT_EQ(routes[0].when, "status = 'final'");
  EXPECT_FALSE(routes[0].message);
  EXPECT_EQ(routes[1].type, "");
  EXPECT_TRUE(routes[1].message);
  EXPECT_THAT(routes[1].from, ElementsAre("lab", "gp"));
  EXPECT_EQ(routes[2].when, "");
}

TEST(ChannelsToml, EveryMistakeIsNamedWithItsChannelAndKey) {
  const std::string at = "holdfast.toml: channel out: ";
  EXPECT_EQ(refusal("kind = \"smtp\""), at + "kind is 'smtp', not one of mllp, fhir, folder");
  EXPECT_EQ(refusal("on_error = \"drop\""),
            at + "on_error is 'drop', not one of hold, skip, retry");
  EXPECT_EQ(refusal("on_reject = \"drop\""),
            at + "on_reject is 'drop', not one of hold, skip, retry");
  EXPECT_EQ(refusal("version = \"2.2\""), at + "version is '2.2', not 2.3 to 2.8");
  EXPECT_EQ(refusal("processing = \"X\""), at + "processing is 'X', not one of P, T, D");
  EXPECT_EQ(refusal("orders = \"OMG\""), at + "orders is 'OMG', not one of ORM, OML");
  EXPECT_EQ(refusal("acknowledge = \"never\""),
            at + "acknowledge is 'never', not one of original, enhanced");
  EXPECT_EQ(refusal("lanes = 0"), at + "lanes is no whole number from 1 to 64");
  EXPECT_EQ(refusal("lanes = 65"), at + "lanes is no whole number from 1 to 64");
  EXPECT_EQ(refusal("lanes = \"8\""), at + "lanes is no whole number from 1 to 64");
  for (const std::string key : {"answer_ms_max", "pause_ms_min", "pause_ms_max"}) {
    EXPECT_EQ(refusal(key + " = 0"), at + key + " is no whole number from 1 to 86400000");
    EXPECT_EQ(refusal(key + " = 86400001"), at + key + " is no whole number from 1 to 86400000");
  }
  for (const std::string key :
       {"title", "neighbour", "kind", "owner", "sender", "receiver", "version", "processing",
        "charset", "zone", "orders", "acknowledge", "on_error", "on_reject", "tls_ca",
        "tls_certificate", "tls_key", "tls_name"}) {
    EXPECT_EQ(refusal(key + " = 7"), at + key + " is no text");
  }
  EXPECT_EQ(refusal("tls = 7"), at + "tls is neither true nor false");
  EXPECT_EQ(refusal("sequence = 1"), at + "sequence is neither true nor false");
  EXPECT_EQ(refusal("provider = 1"), at + "provider is neither true nor false");
  EXPECT_THAT(refusal("charset = \"UTF-16\""), HasSubstr(at + "charset "));
  EXPECT_THAT(refusal("zone = \"Moon\""), AllOf(HasSubstr(at + "zone "), HasSubstr("Moon")));
  EXPECT_EQ(refusal("lane = 2"), at + "there is no key 'lane'; did you mean 'lanes'?");
  EXPECT_EQ(refusal("zzzzzzzzzzzz = 2"),
            at + "there is no key 'zzzzzzzzzzzz'; it has " + std::string(channel_help()));
}

TEST(ChannelsToml, AMistakeInARouteIsNamedWithItsNumber) {
  const auto said = [](const std::string& keys) { return refusal("[[channel.route]]\n" + keys); };
  const std::string at = "holdfast.toml: channel out: route 1: ";
  EXPECT_EQ(said("type = 7"), at + "type is no text");
  EXPECT_EQ(said("when = 7"), at + "when is no text");
  EXPECT_EQ(said("message = 7"), at + "message is no text");
  EXPECT_EQ(said("from = \"lab\""), at + "from is no list of texts");
  EXPECT_EQ(said("from = []"), at + "from is no list of texts");
  EXPECT_EQ(said("from = [7]"), at + "from is no text");
  EXPECT_EQ(said("typ = \"Patient\""), at + "there is no key 'typ'; did you mean 'type'?");
  EXPECT_THAT(said("message = \"MSH-9\""), HasSubstr(at + "message "));
  EXPECT_EQ(refusal_of("[[channel]]\nname = \"out\"\nroute = 7\n"),
            "holdfast.toml: channel out: route is written as [[channel.route]]");
}

TEST(ChannelsToml, WhatDoesNotFitTogetherIsSaid) {
  const std::string at = "holdfast.toml: channel 1 ('out'): ";
  EXPECT_EQ(refusal("neighbour = \"nobody\""), at + "there is no neighbour 'nobody'");
  EXPECT_EQ(refusal("owner = \"no such\""), at + "'no such' is no name of a team");
  EXPECT_EQ(refusal("sequence = true"), "taken");
  for (const char* const keys :
       {"sequence = true\nlanes = 2", "sequence = true\nkind = \"folder\""}) {
    EXPECT_THAT(refusal(keys), HasSubstr(at + "sequence is for channels over MLLP with one lane"));
  }
  // The route of these channels is of another type; and of orders it is taken.
  for (const char* const keys : {"provider = true", "provider = true\nkind = \"folder\""}) {
    EXPECT_THAT(refusal(keys), HasSubstr(at + "provider is for channels over MLLP or to FHIR"));
  }
  const auto said = [](const std::string& keys) { return refusal("[[channel.route]]\n" + keys); };
  EXPECT_EQ(refusal("provider = true\n[[channel.route]]\ntype = \"ServiceRequest\""), "taken");
  EXPECT_EQ(said("type = \"Potion\""), at + "route 1: 'Potion' is no resource type of R4");
  EXPECT_THAT(said("type = \"Patient\"\nwhen = \"status =\""),
              HasSubstr(at + "route 1: `status =` of Patient: "));
  EXPECT_EQ(said("type = \"Patient\"\nmessage = \"MSH-9.1 = 'ADT'\""),
            at + "route 1: a route has a type or a message filter, not both");
  EXPECT_EQ(said("type = \"Patient\"\nfrom = [\"lab\"]"),
            at + "route 1: a route has a type or a message filter, not both");
  EXPECT_EQ(said("when = \"true\""),
            at + "route 1: a route has a type (and perhaps `when`), or a message filter, not both");
  EXPECT_EQ(said(""),
            at + "route 1: a route has a type (and perhaps `when`), or a message filter, not both");
  EXPECT_EQ(said("message = \"MSH-9.1 = 'ADT'\"\nfrom = [\"nobody\"]"),
            at + "route 1: there is no neighbour 'nobody'");
}

TEST(ChannelsToml, AChannelHasANameAnAddressAndARoute) {
  const std::string to = "to = \"10.0.0.9:2576\"\n";
  EXPECT_EQ(
      refusal_of("[[channel]]\n" + to + route),
      "holdfast.toml: channel 1 (''): it needs a name of at most 48 letters, digits, '-' and '.'");
  for (const std::string& name : {std::string("a_b"), std::string("a b"), std::string(49, 'a')}) {
    EXPECT_THAT(refusal_of("[[channel]]\nname = \"" + name + "\"\n" + to + route),
                HasSubstr("it needs a name of at most 48"));
  }
  EXPECT_EQ(refusal_of("[[channel]]\nname = \"" + std::string(48, 'a') + "\"\n" + to + route),
            "taken");
  EXPECT_EQ(refusal_of(std::string("[[channel]]\nname = \"out\"\n") + route),
            "holdfast.toml: channel 1 ('out'): it needs `to`: host:port, URL or folder");
  EXPECT_EQ(refusal_of("[[channel]]\nname = \"out\"\n" + to),
            "holdfast.toml: channel 1 ('out'): it needs at least one [[channel.route]]");
  const std::string one = "[[channel]]\nname = \"out\"\n" + to + route;
  EXPECT_EQ(refusal_of(one + one), "holdfast.toml: two channels are named 'out'");
  EXPECT_EQ(refusal_of("[[channel]]\nname = 7\n" + to + route),
            "holdfast.toml: channel number 1: name is no text");
}

TEST(ChannelsToml, IsAListOfTables) {
  Origins origins;
  origins.file = "holdfast.toml";
  for (const char* text : {"channel = 3\n", "[channel]\nname = \"out\"\n", "channel = [1, 2]\n"}) {
    origins.file_text = text;
    const auto config = read_config(origins);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().what, "holdfast.toml: channels are written as [[channel]]");
  }
}

}  // namespace
}  // namespace holdfast::server
