package io.drumline;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.stream.BaseStream;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/** Imports run one way: see "Packages" in docs/architecture.md. */
@AnalyzeClasses(
    packages = "io.drumline",
    importOptions = {DoNotIncludeTests.class, DirectionsTest.NoTestJars.class})
class DirectionsTest {
  private static final String[] CORE = {
    "io.drumline.message..",
    "io.drumline.loop..",
    "io.drumline.backplane..",
    "io.drumline.session..",
    "io.drumline.tracing",
    "io.drumline.publish",
    "io.drumline.hub.."
  };

  /** The contracts and fakes of other modules. */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  @ArchTest
  static final ArchRule coreKnowsNeitherSpringNorRedis =
      noClasses()
          .that()
          .resideInAnyPackage(CORE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.springframework..", "io.lettuce..", "jakarta..");

  @ArchTest
  static final ArchRule redisKnowsNoSpring =
      noClasses()
          .that()
          .resideInAPackage("io.drumline.redis..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.springframework..", "jakarta..");

  @ArchTest
  static final ArchRule messageKnowsOnlyTheJdk = only("message", "java..", "org.jspecify..");

  @ArchTest static final ArchRule loopKnowsNobody = ours("loop");

  @ArchTest static final ArchRule backplaneKnowsMessages = ours("backplane", "message");
  @ArchTest static final ArchRule securityKnowsMessages = ours("security", "message");
  @ArchTest static final ArchRule tracingKnowsMessages = ours("tracing", "message");

  @ArchTest
  static final ArchRule publishKnowsTheBackplane =
      ours("publish", "tracing", "backplane", "message");

  @ArchTest
  static final ArchRule hubKnowsTheBackplane = ours("hub", "tracing", "backplane", "message");

  @ArchTest static final ArchRule redisKnowsTheBackplane = ours("redis", "backplane", "message");

  @ArchTest
  static final ArchRule sessionKnowsTheBackplane = ours("session", "backplane", "message");

  @ArchTest
  static final ArchRule stompKnowsTheHub =
      ours("stomp", "publish", "hub", "session", "security", "tracing", "backplane", "message");

  @ArchTest
  static final ArchRule listenerKnowsStomp =
      ours("listener", "stomp", "hub", "security", "message");

  @ArchTest static final ArchRule chatIsWrittenAsUsersWould = ours("chat", "message");

  @ArchTest
  static final ArchRule apiKnowsStomp =
      ours("api", "stomp", "publish", "hub", "session", "security", "backplane", "message");

  @ArchTest
  static final ArchRule consoleKnowsTheApi = ours("console", "api", "backplane", "message");

  @ArchTest
  static final ArchRule opsKnowsStomp =
      ours("ops", "spring", "stomp", "hub", "session", "backplane", "message");

  @ArchTest
  static final ArchRule springPutsTheNodeTogether =
      ours(
          "spring",
          "stomp",
          "security",
          "hub",
          "session",
          "redis",
          "tracing",
          "backplane",
          "message");

  @ArchTest
  static final ArchRule processKnowsTheDrain =
      ours("process", "ops", "hub", "backplane", "message");

  @ArchTest
  static final ArchRule onlySpringImportsRedis =
      noClasses()
          .that(not(resideInAnyPackage("io.drumline.redis..", "io.drumline.spring")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.drumline.redis..");

  @ArchTest
  static final ArchRule onlyStompKnowsSpringMessaging =
      noClasses()
          .that(not(resideInAnyPackage("io.drumline.stomp..", "io.drumline.chat")))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework.messaging..", "org.springframework.web.socket..");

  @ArchTest
  static final ArchRule onlyListenerAndHubKnowChannels =
      noClasses()
          .that(
              not(
                  resideInAnyPackage(
                      "io.drumline.listener", "io.drumline.hub..", "io.drumline.redis..")))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.netty.channel..", "io.netty.handler..");

  @ArchTest
  static final ArchRule nobodySerializesJava =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.io.ObjectInputStream");

  /** An executor drops a periodic task that throws, and says nothing. */
  @ArchTest
  static final ArchRule periodicTasksAreGuarded =
      noClasses()
          .that(not(resideInAPackage("io.drumline.loop")))
          .should()
          .callMethodWhere(
              describe(
                  "schedules a periodic task past Periodic",
                  call ->
                      call.getName().startsWith("scheduleAtFixedRate")
                          || call.getName().startsWith("scheduleWithFixedDelay")));

  @ArchTest
  static final ArchRule noSpringSchedules =
      noMethods().should().beAnnotatedWith("org.springframework.scheduling.annotation.Scheduled");

  /** Anything in the process may occupy the common pool for as long as it likes. */
  @ArchTest
  static final ArchRule nothingRunsOnTheCommonPool =
      noClasses()
          .should()
          .callMethodWhere(
              describe("runs on the common pool", DirectionsTest::runsOnTheCommonPool));

  private static boolean runsOnTheCommonPool(JavaMethodCall call) {
    List<JavaClass> parameters = call.getTarget().getRawParameterTypes();
    boolean stage = call.getTargetOwner().isAssignableTo(CompletionStage.class);
    return (stage
            && (call.getName().endsWith("Async") || call.getName().equals("delayedExecutor"))
            && parameters.stream().noneMatch(type -> type.isEquivalentTo(Executor.class)))
        || call.getName().equals("commonPool")
        || call.getName().equals("parallelStream")
        || (call.getName().equals("parallel")
            && call.getTargetOwner().isAssignableTo(BaseStream.class));
  }

  @ArchTest
  static final ArchRule noCycles = slices().matching("io.drumline.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule noCyclesWithinAPackage =
      slices().matching("io.drumline.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule componentsAreClosed =
      classes().that().areAnnotatedWith(Component.class).should().bePackagePrivate();

  /** But for those that Spring has names for: an application may call its beans as it likes. */
  @ArchTest
  static final ArchRule beansHaveNamesOfTheirOwn =
      methods()
          .that()
          .areAnnotatedWith(Bean.class)
          .and(not(describe("are Spring's", DirectionsTest::overrides)))
          .should(
              ArchCondition.from(
                  describe("be named drumline.<method>", DirectionsTest::isNamedAsOurs)));

  private static boolean overrides(JavaMethod method) {
    return method.getOwner().getAllRawSuperclasses().stream()
        .flatMap(parent -> parent.getMethods().stream())
        .anyMatch(inherited -> inherited.getName().equals(method.getName()));
  }

  private static boolean isNamedAsOurs(JavaMethod method) {
    String[] names = method.getAnnotationOfType(Bean.class).name();
    String[] values = method.getAnnotationOfType(Bean.class).value();
    return List.of(names.length > 0 ? names : values)
        .equals(List.of("drumline." + method.getName()));
  }

  /** The package uses no other package of ours than these, and {@code loop}. */
  private static ArchRule ours(String name, String... allowed) {
    String[] packages = new String[allowed.length + 2];
    packages[0] = "io.drumline." + name + "..";
    packages[1] = "io.drumline.loop";
    for (int i = 0; i < allowed.length; i++) {
      packages[i + 2] = "io.drumline." + allowed[i] + "..";
    }
    return noClasses()
        .that()
        .resideInAPackage("io.drumline." + name + "..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.drumline..").and(not(resideInAnyPackage(packages))));
  }

  private static ArchRule only(String name, String... allowed) {
    String[] packages = new String[allowed.length + 1];
    packages[0] = "io.drumline." + name;
    System.arraycopy(allowed, 0, packages, 1, allowed.length);
    return classes()
        .that()
        .resideInAPackage("io.drumline." + name)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(packages);
  }
}
