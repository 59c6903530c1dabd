// HapiServer.java: HAPI FHIR's JPA server for R4, as light as it can be had, on one loopback port: the
// other side of `holdfast bench crud --server`. Why each thing is as it is: README.md beside pom.xml.
//
//   HapiServer FOLDER    keeps its database in FOLDER, prints "ready http=http://127.0.0.1:PORT" once it
//                        answers, and ends on SIGTERM
import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.IInterceptorService;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings.StoreMetaSourceInformationEnum;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.persistence.EntityManagerFactory;
import java.util.Map;
import java.util.Properties;
import javax.sql.DataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.transaction.annotation.EnableTransactionManagement;

public final class HapiServer {
  private static final int CONNECTIONS = 32;
  private static final int THREADS_MAX = 64;

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 1) {
      System.err.println("usage: HapiServer FOLDER");
      System.exit(2);
    }
    AnnotationConfigApplicationContext spring = new AnnotationConfigApplicationContext();
    spring.getEnvironment().getPropertySources()
        .addFirst(new MapPropertySource("command line", Map.of("folder", arguments[0])));
    spring.register(Wiring.class);
    spring.refresh();

    Server http = new Server(new QueuedThreadPool(THREADS_MAX));
    ServerConnector connector = new ServerConnector(http);
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    http.addConnector(connector);
    ServletContextHandler handler = new ServletContextHandler("/");
    handler.addServlet(new ServletHolder(spring.getBean(RestfulServer.class)), "/fhir/*");
    http.setHandler(handler);
    http.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        http.stop();
      } catch (Exception failure) {
        failure.printStackTrace();
      }
      spring.close();
    }));
    System.out.println("ready http=http://127.0.0.1:" + connector.getLocalPort());
  }

  @Configuration
  @EnableTransactionManagement
  @Import({JpaR4Config.class, HapiJpaConfig.class, JpaBatch2Config.class, Batch2JobsConfig.class,
           SubscriptionChannelConfig.class, ThreadPoolFactoryConfig.class})
  static class Wiring {
    @Bean
    JpaStorageSettings storageSettings() {
      JpaStorageSettings settings = new JpaStorageSettings();
      settings.setSchedulingDisabled(true);
      settings.setEnforceReferentialIntegrityOnWrite(false);
      settings.setEnforceReferentialIntegrityOnDelete(false);
      settings.setStoreMetaSourceInformation(StoreMetaSourceInformationEnum.NONE);
      settings.setIndexStorageOptimized(true);
      settings.setSuppressUpdatesWithNoChange(false);
      settings.setAdvancedHSearchIndexing(false);
      return settings;
    }

    @Bean
    PartitionSettings partitionSettings() {
      return new PartitionSettings();
    }

    @Bean
    SubscriptionSettings subscriptionSettings() {
      return new SubscriptionSettings();
    }

    @Bean(destroyMethod = "close")
    HikariDataSource dataSource(Environment environment) {
      HikariDataSource source = new HikariDataSource();
      source.setJdbcUrl("jdbc:h2:file:" + environment.getRequiredProperty("folder") + "/hapi");
      source.setUsername("sa");
      source.setPassword("");
      source.setMaximumPoolSize(CONNECTIONS);
      source.setAutoCommit(false);
      return source;
    }

    @Bean
    @Primary
    LocalContainerEntityManagerFactoryBean entityManagerFactory(
        DataSource source, ConfigurableListableBeanFactory beans, FhirContext fhir,
        JpaStorageSettings settings) {
      LocalContainerEntityManagerFactoryBean factory =
          HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
      factory.setPersistenceUnitName("hapi");
      factory.setDataSource(source);
      Properties hibernate = new Properties();
      hibernate.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
      hibernate.put("hibernate.hbm2ddl.auto", "create");
      hibernate.put("hibernate.search.enabled", "false");
      hibernate.put("hibernate.connection.provider_disables_autocommit", "true");
      hibernate.put("hibernate.cache.use_second_level_cache", "false");
      hibernate.put("hibernate.cache.use_query_cache", "false");
      factory.setJpaProperties(hibernate);
      return factory;
    }

    @Bean
    @Primary
    JpaTransactionManager transactionManager(EntityManagerFactory factory) {
      return new JpaTransactionManager(factory);
    }

    @Bean
    RestfulServer restfulServer(FhirContext fhir, ResourceProviderFactory resources,
                                JpaSystemProvider<?, ?> system, IFhirSystemDao<?, ?> dao,
                                JpaStorageSettings settings, ISearchParamRegistry parameters,
                                IValidationSupport validation, DatabaseBackedPagingProvider pages,
                                IInterceptorService interceptors) {
      RestfulServer server = new RestfulServer(fhir);
      server.registerProviders(resources.createProviders());
      server.registerProvider(system);
      server.setServerConformanceProvider(
          new JpaCapabilityStatementProvider(server, dao, settings, parameters, validation));
      server.setPagingProvider(pages);
      server.setInterceptorService(interceptors);
      server.setDefaultResponseEncoding(EncodingEnum.JSON);
      server.setDefaultPrettyPrint(false);
      return server;
    }
  }
}
