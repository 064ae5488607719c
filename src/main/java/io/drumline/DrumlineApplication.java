package io.drumline;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A Drumline node: a client listener for browsers and apps, and a control plane for operators. */
@SpringBootApplication
public class DrumlineApplication {
  public static void main(String[] args) {
    SpringApplication.run(DrumlineApplication.class, args);
  }
}
