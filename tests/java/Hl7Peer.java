// Hl7Peer.java: HAPI HL7v2 as a peer of the server, for tests/peers_test.py, which says what must come of it.
//
//   Hl7Peer send HOST PORT   sends what send() lists, built by HAPI's own model; a line of JSON for each
//                            acknowledgement as HAPI's parser, which validates it, reads it
//   Hl7Peer receive          "ready utf8=PORT latin1=PORT", then a line of JSON for each message that came;
//                            answers AE or AR to ids that begin with E or R, else AA; until it is ended
//   Hl7Peer tls CA CERT KEY …   the same over TLS: PEM files of who vouches for the other side, and of itself
//
// HAPI follows MSH-18 in both directions, so that one port is enough for both character sets.
import ca.uhn.hl7v2.AcknowledgmentCode;
import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.ErrorCode;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.app.Initiator;
import ca.uhn.hl7v2.llp.MinLowerLayerProtocol;
import ca.uhn.hl7v2.model.AbstractMessage;
import ca.uhn.hl7v2.model.GenericMessage;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.v24.message.ADT_A01;
import ca.uhn.hl7v2.model.v24.segment.PID;
import ca.uhn.hl7v2.model.v25.datatype.NM;
import ca.uhn.hl7v2.model.v25.group.ORU_R01_OBSERVATION;
import ca.uhn.hl7v2.model.v25.group.ORU_R01_ORDER_OBSERVATION;
import ca.uhn.hl7v2.model.v25.message.ORU_R01;
import ca.uhn.hl7v2.model.v25.segment.OBX;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.util.StandardSocketFactory;
import ca.uhn.hl7v2.util.Terser;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.TrustManagerFactory;

public final class Hl7Peer {
  private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private static final String NAME = "HAPI";

  public static void main(String[] given) throws Exception {
    boolean tls = given.length > 4 && given[0].equals("tls");
    String[] arguments = tls ? Arrays.copyOfRange(given, 4, given.length) : given;
    if (tls) {
      SSLContext.setDefault(identity(given[1], given[2], given[3]));
    }
    try (HapiContext context = new DefaultHapiContext()) {
      context.setLowerLayerProtocol(new MinLowerLayerProtocol(true));
      if (arguments.length == 3 && arguments[0].equals("send")) {
        send(context, arguments[1], Integer.parseInt(arguments[2]), tls);
      } else if (arguments.length == 1 && arguments[0].equals("receive")) {
        receive(context, tls);
      } else {
        throw new IllegalArgumentException("[tls CA CERT KEY] send HOST PORT, or receive");
      }
    }
  }

  // HAPI takes Java's default context.
  private static SSLContext identity(String ca, String certificate, String key) throws Exception {
    CertificateFactory certificates = CertificateFactory.getInstance("X.509");
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null);
    trusted.setCertificateEntry("ca", certificates.generateCertificate(
        new ByteArrayInputStream(Files.readAllBytes(Path.of(ca)))));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    String pem = Files.readString(Path.of(key)).replaceAll("-----[A-Z ]+-----|\\s", "");
    KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
    own.load(null);
    Certificate[] chain = {certificates.generateCertificate(
        new ByteArrayInputStream(Files.readAllBytes(Path.of(certificate))))};
    own.setKeyEntry("own", KeyFactory.getInstance("EC").generatePrivate(
        new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem))), new char[0], chain);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, new char[0]);
    SSLContext made = SSLContext.getInstance("TLS");
    made.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return made;
  }

  // ---- sending

  private static void send(HapiContext context, String host, int port, boolean tls) throws Exception {
    Connection connection = context.newClient(host, port, tls);
    Initiator initiator = connection.getInitiator();
    initiator.setTimeout(60, TimeUnit.SECONDS);

    ADT_A01 admission = admission("A1", NAME + "1", "Smith & Jones|Ltd^1~2\\3", "Ann");
    PID pid = admission.getPID();
    pid.getPatientIdentifierList(1).getID().setValue("9434765919");
    pid.getPatientIdentifierList(1).getAssigningAuthority().getNamespaceID().setValue("NHS");
    pid.getPatientIdentifierList(1).getIdentifierTypeCode().setValue("NH");
    admission.addNonstandardSegment("ZPI");
    Terser terser = new Terser(admission);
    terser.set("PID-13(0)-1", "(020)794-6001");
    terser.set("PID-13(1)-1", "(020)794-6002");
    terser.set("ZPI-1", "custom");
    ask(initiator, "admission", admission);
    ask(initiator, "again", admission);
    ask(initiator, "results", results());
    ADT_A01 utf8 = admission("U1", NAME + "2", "Żółć", "Łukasz王");
    utf8.getMSH().getCharacterSet(0).setValue("UNICODE UTF-8");
    ask(initiator, "utf8", utf8);
    ADT_A01 latin1 = admission("L1", NAME + "3", "Müller", "Zoë");
    latin1.getMSH().getCharacterSet(0).setValue("8859/1");
    ask(initiator, "latin1", latin1);
    ADT_A01 stranger = admission("S1", NAME + "4", "Strange", "Ann");
    stranger.getMSH().getSendingApplication().getNamespaceID().setValue("NOBODY");
    ask(initiator, "stranger", stranger);
    ADT_A01 training = admission("T1", NAME + "5", "Training", "Ann");
    training.getMSH().getProcessingID().getProcessingID().setValue("T");
    ask(initiator, "training", training);
    ask(initiator, "unmapped", unmapped());
    ADT_A01 enhanced = admission("C1", NAME + "6", "Enhanced", "Ann");
    enhanced.getMSH().getAcceptAcknowledgmentType().setValue("AL");
    enhanced.getMSH().getApplicationAcknowledgmentType().setValue("NE");
    ask(initiator, "enhanced", enhanced);
    for (int i = 0; i < 50; ++i) {
      ask(initiator, "batch", admission("B" + i, NAME + "-B" + i, "Batch", "Ann"));
    }
    connection.close();
  }

  private static ADT_A01 admission(String id, String patient, String family, String given) throws Exception {
    ADT_A01 message = new ADT_A01();
    message.initQuickstart("ADT", "A01", "P");
    head(message, id);
    message.getEVN().getRecordedDateTime().getTimeOfAnEvent().setValue("20240301101500");
    PID pid = message.getPID();
    pid.getSetIDPID().setValue("1");
    pid.getPatientIdentifierList(0).getID().setValue(patient);
    pid.getPatientIdentifierList(0).getAssigningAuthority().getNamespaceID().setValue("QE2");
    pid.getPatientIdentifierList(0).getIdentifierTypeCode().setValue("MR");
    pid.getPatientName(0).getFamilyName().getSurname().setValue(family);
    pid.getPatientName(0).getGivenName().setValue(given);
    pid.getDateTimeOfBirth().getTimeOfAnEvent().setValue("19800102");
    pid.getAdministrativeSex().setValue("F");
    message.getPV1().getSetIDPV1().setValue("1");
    message.getPV1().getPatientClass().setValue("I");
    return message;
  }

  private static ORU_R01 results() throws Exception {
    ORU_R01 message = new ORU_R01();
    message.initQuickstart("ORU", "R01", "P");
    head(message, "O1");
    var pid = message.getPATIENT_RESULT().getPATIENT().getPID();
    pid.getSetIDPID().setValue("1");
    pid.getPatientIdentifierList(0).getIDNumber().setValue(NAME + "1");
    pid.getPatientIdentifierList(0).getAssigningAuthority().getNamespaceID().setValue("QE2");
    pid.getPatientIdentifierList(0).getIdentifierTypeCode().setValue("MR");
    ORU_R01_ORDER_OBSERVATION order = message.getPATIENT_RESULT().getORDER_OBSERVATION();
    var obr = order.getOBR();
    obr.getSetIDOBR().setValue("1");
    obr.getFillerOrderNumber().getEntityIdentifier().setValue(NAME + "-F1");
    obr.getUniversalServiceIdentifier().getIdentifier().setValue("24321-2");
    obr.getUniversalServiceIdentifier().getNameOfCodingSystem().setValue("LN");
    obr.getObservationDateTime().getTime().setValue("20240301101500");
    obr.getResultStatus().setValue("F");
    for (int i = 0; i < 2; ++i) {
      ORU_R01_OBSERVATION observation = order.getOBSERVATION(i);
      OBX obx = observation.getOBX();
      obx.getSetIDOBX().setValue(String.valueOf(i + 1));
      obx.getValueType().setValue("NM");
      obx.getObservationIdentifier().getIdentifier().setValue(i == 0 ? "2823-3" : "2951-2");
      obx.getObservationIdentifier().getNameOfCodingSystem().setValue("LN");
      NM value = new NM(message);
      value.setValue(i == 0 ? "5.4" : "139");
      obx.getObservationValue(0).setData(value);
      obx.getUnits().getIdentifier().setValue("mmol/L");
      obx.getObservationResultStatus().setValue("F");
    }
    return message;
  }

  private static Message unmapped() throws Exception {
    GenericMessage message = new GenericMessage.V25(new ca.uhn.hl7v2.parser.DefaultModelClassFactory());
    message.initQuickstart("ZZZ", "Z99", "P");
    head(message, "Z1");
    message.addNonstandardSegment("ZZ1");
    new Terser(message).set("ZZ1-1", "custom");
    return message;
  }

  private static void head(AbstractMessage message, String id) throws HL7Exception {
    Terser terser = new Terser(message);
    terser.set("MSH-3", NAME);
    terser.set("MSH-4", "QE2");
    terser.set("MSH-5", "HOLDFAST");
    terser.set("MSH-10", NAME + "-" + id);
  }

  private static void ask(Initiator initiator, String step, Message message) throws Exception {
    Terser sent = new Terser(message);
    Message answer = initiator.sendAndReceive(message);
    Terser said = new Terser(answer);
    boolean hasErr = java.util.Arrays.asList(answer.getNames()).contains("ERR")
        && answer.getAll("ERR").length > 0 && !answer.get("ERR").isEmpty() && answer.getVersion().equals("2.5");
    print("step", step, "sent", sent.get("MSH-10"), "version_sent", sent.get("MSH-12"),
        "event_sent", sent.get("MSH-9-2"), "application", sent.get("MSH-3"),
        "code", said.get("MSA-1"), "of", said.get("MSA-2"), "text", said.get("MSA-3"),
        "from", said.get("MSH-3"), "to", said.get("MSH-5"), "kind", said.get("MSH-9-1"),
        "event", said.get("MSH-9-2"), "processing", said.get("MSH-11"), "version", said.get("MSH-12"),
        "charset", said.get("MSH-18"), "err", hasErr ? said.get("ERR-3-1") : "");
  }

  // ---- receiving

  /** HAPI binds to all addresses; this to one, and to a port that is free. */
  private static final class Loopback extends StandardSocketFactory {
    final CompletableFuture<Integer> port = new CompletableFuture<>();

    @Override
    public ServerSocket createServerSocket() throws IOException {
      return new ServerSocket() {
        @Override
        public void bind(SocketAddress ignored, int backlog) throws IOException {
          super.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), backlog);
          port.complete(getLocalPort());
        }
      };
    }

    /** Java's own TLS sockets have no class to inherit from: this one passes on what HAPI asks of it. */
    @Override
    public ServerSocket createTlsServerSocket() throws IOException {
      SSLServerSocket secure = (SSLServerSocket) SSLServerSocketFactory.getDefault().createServerSocket();
      secure.setNeedClientAuth(true);
      return new ServerSocket() {
        @Override
        public void bind(SocketAddress ignored, int backlog) throws IOException {
          bind(ignored);
        }

        @Override
        public void bind(SocketAddress ignored) throws IOException {
          secure.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
          port.complete(secure.getLocalPort());
        }

        @Override
        public void setSoTimeout(int milliseconds) throws SocketException {
          secure.setSoTimeout(milliseconds);
        }

        @Override
        public Socket accept() throws IOException {
          return secure.accept();
        }

        @Override
        public boolean isClosed() {
          return secure.isClosed();
        }

        @Override
        public void close() throws IOException {
          secure.close();
        }
      };
    }
  }

  private static void receive(HapiContext context, boolean tls) throws Exception {
    Loopback loopback = new Loopback();
    context.setSocketFactory(loopback);
    HL7Service service = context.newServer(2575, tls);
    service.registerApplication(new Receiver());
    service.startAndWait();
    int port = loopback.port.get(60, TimeUnit.SECONDS);
    OUT.println("ready utf8=" + port + " latin1=" + port);
    while (System.in.read() >= 0) {
      // ends: with whoever started it
    }
    service.stopAndWait();
  }

  private static final class Receiver implements ReceivingApplication<Message> {
    @Override
    public Message processMessage(Message message, Map<String, Object> metadata) throws HL7Exception {
      Terser terser = new Terser(message);
      String id = terser.get("MSH-10");
      print("id", id, "type", terser.get("MSH-9-1") + "^" + terser.get("MSH-9-2"),
          "family", terser.get("/.PID-5-1"), "given", terser.get("/.PID-5-2"));
      try {
        if (id.startsWith("E")) {
          return message.generateACK(AcknowledgmentCode.AE, new HL7Exception("told to fail", ErrorCode.DATA_TYPE_ERROR));
        }
        if (id.startsWith("R")) {
          return message.generateACK(
              AcknowledgmentCode.AR, new HL7Exception("told to refuse", ErrorCode.UNSUPPORTED_EVENT_CODE));
        }
        return message.generateACK();
      } catch (IOException failed) {
        throw new HL7Exception(failed);
      }
    }

    @Override
    public boolean canProcess(Message message) {
      return true;
    }
  }

  // ---- both

  private static synchronized void print(String... namesAndValues) {
    StringBuilder line = new StringBuilder("{");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      line.append(i == 0 ? "" : ", ").append(quoted(namesAndValues[i])).append(": ");
      line.append(quoted(namesAndValues[i + 1] == null ? "" : namesAndValues[i + 1]));
    }
    OUT.println(line.append('}'));
  }

  private static String quoted(String text) {
    StringBuilder made = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\' || c < ' ') {
        made.append(String.format("\\u%04x", (int) c));
      } else {
        made.append(c);
      }
    }
    return made.append('"').toString();
  }

  private Hl7Peer() {}
}
