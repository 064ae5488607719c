package org.example.shop;

import io.drumline.DrumlineApplication;
import java.util.List;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** Has beans whose names a part of Drumline might have, too. */
@SpringBootApplication
@Import(DrumlineApplication.class)
class Shop {
  @Bean
  List<String> hub() {
    return List.of("a hub of wheels");
  }

  @Bean
  String nodes() {
    return "of a graph";
  }

  @Bean
  String gate() {
    return "of the yard";
  }

  @Bean
  String listener() {
    return "of the radio";
  }

  @Bean
  String sessions() {
    return "of parliament";
  }
}
